"""Templates without a gallery: compare, read, convert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from . import _native

#: One minutia: pixels at 500 dpi to the right and down, degrees counter-clockwise, kind (0 other, 1 ridge ending,
#: 2 bifurcation), quality (1 to 100, 0 where not reported).
MINUTIA = np.dtype([("x", "i2"), ("y", "i2"), ("angle", "f4"), ("kind", "u1"), ("quality", "u1")])


def compare_minutiae(a: bytes, b: bytes) -> float:
    """The comparison score of two template records: 0 or more, higher is more alike, the same either way round.

    Of a record with several views the first is compared.

    :raises TemplateError: (a ``ValueError``) if a record cannot be read; its ``number`` is 0 for ``a``, 1 for ``b``.

    >>> import vantay
    >>> header = "464d5200 20323000 00000024 0000 0100 0180 00c5 00c5 01 00"
    >>> one_minutia = bytes.fromhex(header + "02 00 50 01" + "4064 000e 50 5a" + "0000")
    >>> vantay.compare_minutiae(one_minutia, one_minutia) >= 0
    True
    """
    return _native.compare_minutiae(a, b)


def compare_minutiae_matrix(
    list_a: Sequence[bytes], list_b: Sequence[bytes], *, threads: Optional[int] = None
) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """The comparison scores of each record of ``list_a`` with each of ``list_b``, on all cores: (len a, len b) float32.

    :param threads: How many threads; all cores if not given.
    :raises TemplateError: (a ``ValueError``) if a record cannot be read; its ``number`` counts in its list.
    :raises KeyboardInterrupt: within a second of Ctrl-C.
    """
    return _native.compare_minutiae_matrix(list(list_a), list(list_b), threads)


def compare_faces(a: Any, b: Any) -> float:
    """The cosine of two embeddings of one model, each (d,) float32 of any length but zero: -1 to 1.

    :raises TemplateError: (a ``ValueError``) if one is zero, not finite, or not of 16 to 4096 dimensions.
    :raises FaceError: (a ``ValueError``) if they differ in dimension.

    >>> import numpy as np, vantay
    >>> vantay.compare_faces(np.ones(16), -np.ones(16))
    -1.0
    """
    first, second = (np.require(embedding, np.float32, ["C", "A"]) for embedding in (a, b))
    return _native.compare_faces(first, second)


@dataclass(frozen=True)
class View:
    """One view of one finger."""

    #: The ISO finger position, 0 (unknown) to 10.
    position: int
    #: How the impression was taken, by its number in the standards.
    impression: int
    #: 0 to 100, where reported.
    quality: Optional[int]
    #: Width and height of the image in pixels at 500 dpi; 0 where not known.
    size: Tuple[int, int]
    #: (n,) of :data:`MINUTIA`.
    minutiae: "np.ndarray[Any, np.dtype[Any]]"

    def __repr__(self) -> str:
        return f"View(position={self.position}, {len(self.minutiae)} minutiae)"


@dataclass(frozen=True)
class Minutiae:
    """A minutiae record in the library's inner form."""

    #: The format's name, such as ``iso19794-2:2005``.
    format: str
    #: What is odd about the record, but no reason to refuse it.
    warnings: List[str]
    #: Each a finger, in the order of the record.
    views: List[View]


def read_minutiae(record: bytes) -> Minutiae:
    """Reads a record of ISO/IEC 19794-2:2005 or :2011, or INCITS 378-2004, -2009 or -2009/AM1, telling the format by its bytes.

    :raises TemplateError: (a ``ValueError``) naming the field and its byte, if the record does not follow its format.

    >>> import vantay
    >>> vantay.read_minutiae(b"FMR")
    Traceback (most recent call last):
    ...
    vantay._errors.TemplateError: not a minutiae record: expected the bytes `FMR` and a version of ISO/IEC 19794-2 or INCITS 378
    """
    native = _native.read_minutiae(record)
    views = []
    for view in native["views"]:
        minutiae = np.empty(len(view["x"]), MINUTIA)
        minutiae["x"], minutiae["y"], minutiae["kind"] = view["x"], view["y"], view["kind"]
        minutiae["angle"] = view["angle"] * np.float32(360 / 256)
        minutiae["quality"] = view["minutia_quality"]
        views.append(View(view["position"], view["impression"], view["quality"], view["size"], minutiae))
    return Minutiae(native["format"], native["warnings"], views)


@dataclass(frozen=True)
class Explanation:
    """How two records came to their score. Coordinates are pixels at 500 dpi of the records as given, y down."""

    #: The comparison score, to the bit that of :func:`compare_minutiae`.
    score: float
    #: What it was made of, by name; all zero where no alignment was found.
    subscores: Dict[str, float]
    #: How far the first print has to be turned to lie on the second: degrees counter-clockwise.
    rotation: float
    #: Where the first record's origin comes to lie in the second, after the turn.
    shift: Tuple[float, float]
    #: (n, 2) int64: minutiae that lie on each other, by their numbers in the first and in the second record's first view.
    pairs: "np.ndarray[Any, np.dtype[Any]]"
    #: (m, 2) float32: the corners of the area that both prints cover, in the second record.
    common_area: "np.ndarray[Any, np.dtype[Any]]"

    def __repr__(self) -> str:
        return f"<Explanation: score {self.score:.4g}, {len(self.pairs)} pairs, turned by {self.rotation:.1f}°>"

    def place(self, points: Any) -> "np.ndarray[Any, np.dtype[Any]]":
        """Where points of the first record (n, 2) come to lie in the second."""
        points = np.asarray(points, dtype=np.float64)
        turn = np.deg2rad(self.rotation)
        c, s = np.cos(turn), np.sin(turn)
        x, y = points[..., 0], points[..., 1]
        return np.stack([c * x + s * y + self.shift[0], c * y - s * x + self.shift[1]], axis=-1)


def explain_minutiae(a: bytes, b: bytes) -> Explanation:
    """Why two template records got their score: which minutiae lie on each other, and how. See :func:`vantay.plot.minutiae`.

    :raises TemplateError: (a ``ValueError``) if a record cannot be read; its ``number`` is 0 for ``a``, 1 for ``b``.
    """
    told = _native.explain_minutiae(a, b)
    return Explanation(**{**told, "subscores": dict(told["subscores"])})


def convert(record: bytes, to: str) -> bytes:
    """A record in another format: ``iso19794-2:2005``, ``iso19794-2:2011``, ``incits378:2004``, ``incits378:2009`` and others.

    What the other format cannot keep is told by a ``UserWarning``.

    :raises TemplateError: (a ``ValueError``) if the record cannot be read, or the other format cannot hold it.
    """
    import warnings

    converted, told = _native.convert(record, to)
    for warning in told:
        warnings.warn(warning, UserWarning, stacklevel=2)
    return converted
