"""What searches answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ._frames import Shown, Table

Array = np.ndarray[Any, np.dtype[Any]]

#: Decisions by their number in the native module's columns.
DECISIONS = np.array(["none", "review", "match"])


def texts(column: Tuple[Array, int]) -> Array:
    """The native module's text column as a numpy array of strings."""
    points, width = column
    return points.view(f"U{width}")


@dataclass(frozen=True, repr=False)
class Candidates(Table):
    """The candidates of ``m`` probes, at most ``k`` each, best first; equal scores go by personal ID, then registration.

    Places without a candidate hold ``""`` and NaN.

    >>> import numpy as np, tempfile, vantay
    >>> faces = np.random.default_rng(1).standard_normal((3, 16), dtype=np.float32)
    >>> gallery = vantay.Gallery.create(tempfile.mkdtemp(), face_model="m", face_dim=16)
    >>> gallery.enroll_faces(["001204000257", "001304000258", "079085000259"], faces)
    3
    >>> _ = gallery.commit()
    >>> found = gallery.identify_faces(faces[:2], top=1)
    >>> found.subjects
    array([['001204000257'], ['001304000258']], dtype='<U12')
    >>> found.scores.shape, found.scores.dtype, found.counts
    ((2, 1), dtype('float32'), array([1, 1]))
    """

    #: (m, k) str: whose.
    subjects: Array
    #: (m, k) str: the subject's registration that is most alike.
    registrations: Array
    #: (m, k) float32: of faces the cosine, of fingers the sum of the fingers' scores, of records all parts in one number.
    scores: Array
    #: (m,) int64: how many candidates each probe has.
    counts: Array
    #: (m,) str: the best candidate's decision: ``match``, ``review`` or ``none``.
    decisions: Array
    #: (m, k) float64: log10 likelihood ratio of all parts, NaN where they are not calibrated.
    llr: Array
    #: (m, k) float64: the rate at which strangers reach this ratio, NaN where parts are not calibrated.
    fmr: Array
    #: (m, k) float64: the ends of the 95 % interval of that rate, NaN likewise.
    fmr_low: Array
    fmr_high: Array
    #: (m, k) bool: whether that rate was fitted or computed instead of counted.
    extrapolated: Array
    #: (m, k) float64: cosine of the portraits, NaN where either has none.
    face: Array
    #: (m, k, 11) float64: fingerprint scores by the probe's finger position, NaN where none was compared.
    fingers: Array

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        m, k = self.subjects.shape
        return f"<Candidates of {m} probes, at most {k} each, {int(self.counts.sum())} in all>"

    def to_numpy(self) -> Array:
        """One row for each candidate: probe (its number), rank (from 0), personal_id, registration, score, llr, fmr, fmr_low,
        fmr_high, extrapolated."""
        probe, rank = np.nonzero(np.arange(self.subjects.shape[1])[None, :] < self.counts[:, None])
        at = (probe, rank)
        columns = {
            "probe": probe,
            "rank": rank,
            "personal_id": self.subjects[at],
            "registration": self.registrations[at],
            "score": self.scores[at],
            "llr": self.llr[at],
            "fmr": self.fmr[at],
            "fmr_low": self.fmr_low[at],
            "fmr_high": self.fmr_high[at],
            "extrapolated": self.extrapolated[at],
        }
        return structured(columns, len(probe))


def candidates_of(native: Dict[str, Any], top: int, scores: str) -> Candidates:
    """The native module's columns in the shape of the answer. ``scores`` says which of them are the scores."""
    m = len(native["counts"])

    def shaped(column: Array) -> Array:
        return column.reshape((m, top) + column.shape[1:])

    fingers = native["fingers"]
    score = native["score"]
    if scores == "face":
        score = native["face"]
    elif scores == "fingers":
        present = ~np.isnan(fingers).all(axis=1)
        score = np.where(present, np.nansum(fingers, axis=1), np.nan)
    return Candidates(
        subjects=shaped(texts(native["personal_id"])),
        registrations=shaped(texts(native["registration"])),
        scores=shaped(score).astype(np.float32),
        counts=native["counts"],
        decisions=DECISIONS[native["decisions"]],
        llr=shaped(native["llr"]),
        fmr=shaped(native["fmr"]),
        fmr_low=shaped(native["fmr_low"]),
        fmr_high=shaped(native["fmr_high"]),
        extrapolated=shaped(native["extrapolated"]),
        face=shaped(native["face"]),
        fingers=shaped(fingers),
    )


@dataclass(frozen=True)
class Verification(Shown):
    """The answer to a claim of identity."""

    #: ``match``, ``review`` or ``none``.
    decision: str
    #: The best score of each part over the subject's registrations: ``face`` (cosine) and finger positions ``"0"`` to ``"10"``.
    scores: Dict[str, float]
    #: The rate at which strangers reach these scores, if the parts are calibrated.
    fmr: Optional[float]
    #: The ends of the 95 % interval of that rate.
    fmr_interval: Optional[Tuple[float, float]]
    #: Whether that rate was fitted or computed instead of counted.
    extrapolated: Optional[bool]
    #: log10 likelihood ratio of all parts, if they are calibrated.
    llr: Optional[float]
    #: All parts in one number, higher is more alike.
    score: float
    #: Whether the gallery has a registration of the subject that was named.
    known: bool
    #: The subject's registration that is most alike.
    registration: Optional[str]

    def __bool__(self) -> bool:
        return self.decision == "match"

    def __repr__(self) -> str:
        parts = ", ".join(f"{part} {score:.3g}" for part, score in self.scores.items()) or "nothing compared"
        rate = "" if self.fmr is None else f", FMR {self.fmr:.2g}"
        return f"<Verification: {self.decision}, {parts}{rate}>"


class Member(NamedTuple):
    """One registration of a cluster."""

    personal_id: str
    registration: str


@dataclass(frozen=True)
class Cluster(Shown):
    """Registrations that accepted pairs connect. Nothing is merged: that is for a person to decide."""

    #: At least two, ascending.
    members: List[Member]
    #: The member most alike to the others.
    medoid: Member
    #: Members that have no accepted pair with the medoid.
    unconfirmed: List[Member]
    #: Whether each member has an accepted pair with each other one.
    complete: bool
    #: Whether a person should look before all are taken as one person.
    needs_review: bool


@dataclass(frozen=True, repr=False)
class Deduplication(Table):
    """The pairs that look like one person's, best first, and what they say together."""

    #: (n,) structured: a_personal_id, a_registration, b_personal_id, b_registration, kind (``different_id``, ``same_id``,
    #: ``swapped_fingers``, ``swapped_portrait`` or ``same_finger_twice``, whose two members are one registration),
    #: decision, score, llr, fmr, fmr_low and fmr_high (the ends of its 95 % interval), extrapolated, cluster (-1 for none), face,
    #: and finger_0 to finger_10 where any pair has such a score.
    pairs: Array
    #: Who, by the accepted pairs, is one person; ``pairs["cluster"]`` counts them from 0.
    clusters: List[Cluster] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        return f"<Deduplication: {len(self.pairs)} pairs, {len(self.clusters)} clusters>"

    def to_numpy(self) -> Array:
        """The pairs."""
        return self.pairs


def deduplication_of(native: Dict[str, Any]) -> Deduplication:
    """The native module's columns as one structured array."""
    columns: Dict[str, Array] = {}
    for name in ("a_personal_id", "a_registration", "b_personal_id", "b_registration"):
        columns[name] = texts(native[name])
    columns["kind"] = texts(native["kind"])
    columns["decision"] = DECISIONS[native["decision"]]
    for name in ("score", "llr", "fmr", "fmr_low", "fmr_high", "extrapolated", "cluster", "face"):
        columns[name] = native[name]
    fingers = native["fingers"]
    for position in range(fingers.shape[1]):
        if not np.isnan(fingers[:, position]).all():
            columns[f"finger_{position}"] = fingers[:, position]
    clusters = [
        Cluster([Member(*m) for m in members], Member(*medoid), [Member(*m) for m in unconfirmed], complete, review)
        for members, medoid, unconfirmed, complete, review in native["clusters"]
    ]
    return Deduplication(structured(columns, len(native["score"])), clusters)


def structured(columns: Dict[str, Array], length: int) -> Array:
    """Columns of one length as one structured array."""
    table = np.empty(length, dtype=[(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return table


@dataclass(frozen=True)
class Info(Shown):
    """What a commit of a gallery holds."""

    #: The directory.
    path: str
    #: Registrations that live.
    registrations: int
    #: Subjects they are of.
    subjects: int
    #: Segments, and the bytes of their files.
    segments: int
    bytes: int
    #: The number of the commit; an empty gallery is commit 0.
    commit: int
    #: How personal IDs are formed: ``vn`` or ``opaque``.
    id: str
    #: The face model, if the gallery holds faces.
    face_model: Optional[str]
    #: Dimensions of its embeddings.
    face_dim: Optional[int]
    #: Rows of removed subjects that compaction would drop.
    removed_rows: int


class Commit(NamedTuple):
    """What a commit published."""

    number: int
    enrolled: int
    removed: int


class Compacted(NamedTuple):
    """What a compaction did."""

    segments_read: int
    segments_written: int
    rows_dropped: int
    bytes_read: int
    bytes_written: int


class Problem(NamedTuple):
    """One thing that is wrong with a gallery's files."""

    file: str
    offset: Optional[int]
    part: str
    reason: str


@dataclass(frozen=True)
class Check(Shown):
    """What a check found; true if nothing is wrong."""

    problems: List[Problem]
    commit: Optional[int]
    files: int
    bytes: int

    def __bool__(self) -> bool:
        return not self.problems


class Rejected(NamedTuple):
    """Records that were passed over for one reason."""

    #: The field, such as ``fingers[].template``; empty for the record as a whole.
    field: str
    #: The kind of error; stable names.
    kind: str
    #: How many.
    records: int
    #: The first of them: its place and what is wrong.
    first: str


@dataclass(frozen=True)
class Enrolled(Shown):
    """What became of the records that were handed over."""

    #: How many were staged.
    enrolled: int
    #: How many were passed over.
    rejected: int
    #: For which reasons.
    reasons: List[Rejected]
