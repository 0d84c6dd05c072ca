"""Results as tables of other packages, none of which has to be installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _native


class Table:
    """What has a table: one structured numpy array, shown as whatever the caller works with."""

    def to_numpy(self) -> "np.ndarray[Any, np.dtype[Any]]":
        """The table as one structured array."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``. Needs pandas."""
        import pandas

        return pandas.DataFrame(_columns(self.to_numpy()))

    def to_polars(self) -> Any:
        """The table as a ``polars.DataFrame``. Needs polars 1.3 or later, and nothing else."""
        import polars

        return polars.DataFrame(self)

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``. Needs pyarrow."""
        import pyarrow

        return pyarrow.table(self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The table as an Arrow stream, for whoever speaks the PyCapsule interface: polars, pyarrow, duckdb, pandas. Needs none
        of them. A ``requested_schema`` is not looked at, as the interface allows."""
        table = self.to_numpy()
        columns = [(name, *_buffers(column)) for name, column in _columns(table).items()]
        return _native.arrow_stream(columns, len(table))

    def _repr_html_(self) -> str:
        table = self.to_numpy()
        names = table.dtype.names or ()
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = "".join("<tr>" + "".join(f"<td>{_text(row[name])}</td>" for name in names) + "</tr>" for row in table[:20])
        return f"<p>{_text(repr(self))}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


class Shown:
    """What notebooks show as a table of its fields."""

    def _repr_html_(self) -> str:
        rows = ((name, getattr(self, name)) for name in self.__dataclass_fields__)  # type: ignore[attr-defined]
        cells = "".join(f"<tr><th>{name}</th><td>{_text(value)}</td></tr>" for name, value in rows)
        return f"<p>{type(self).__name__}</p><table><tbody>{cells}</tbody></table>"


def _columns(table: "np.ndarray[Any, np.dtype[Any]]") -> "dict[str, np.ndarray[Any, np.dtype[Any]]]":
    return {name: np.ascontiguousarray(table[name]) for name in table.dtype.names or ()}


#: Arrow's names for what columns hold.
_FORMATS = {"f8": "g", "f4": "f", "i8": "l", "i4": "i", "i2": "s", "u8": "L", "u4": "I", "u1": "C"}


def _buffers(column: "np.ndarray[Any, np.dtype[Any]]") -> "tuple[str, list[bytes]]":
    """A column's format and buffers in Arrow's layout."""
    if column.dtype.kind == "U":
        texts = [text.encode() for text in column.tolist()]
        ends = np.cumsum([0] + [len(text) for text in texts], dtype=np.int64)
        return "U", [ends.tobytes(), b"".join(texts)]
    if column.dtype.kind == "b":
        return "b", [np.packbits(column, bitorder="little").tobytes()]
    return _FORMATS[column.dtype.str[1:]], [column.tobytes()]


def _text(value: Any) -> str:
    import html

    return html.escape(f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value))
