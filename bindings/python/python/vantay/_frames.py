"""Results as tables of other packages, none of which has to be installed."""

from __future__ import annotations

from typing import Any

import numpy as np


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
        """The table as a ``polars.DataFrame``. Needs polars."""
        import polars

        return polars.DataFrame({name: _plain(column) for name, column in _columns(self.to_numpy()).items()})

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``. Needs pyarrow."""
        import pyarrow

        return pyarrow.table({name: _plain(column) for name, column in _columns(self.to_numpy()).items()})

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The table as an Arrow stream, for whoever speaks the PyCapsule interface. Needs pyarrow."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        table = self.to_numpy()
        names = table.dtype.names or ()
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = "".join("<tr>" + "".join(f"<td>{_text(row[name])}</td>" for name in names) + "</tr>" for row in table[:20])
        return f"<p>{_text(repr(self))}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _columns(table: "np.ndarray[Any, np.dtype[Any]]") -> "dict[str, np.ndarray[Any, np.dtype[Any]]]":
    return {name: np.ascontiguousarray(table[name]) for name in table.dtype.names or ()}


def _plain(column: "np.ndarray[Any, np.dtype[Any]]") -> Any:
    return column.tolist() if column.dtype.kind == "U" else column


def _text(value: Any) -> str:
    import html

    return html.escape(f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value))
