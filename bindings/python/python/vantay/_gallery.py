"""The gallery: stored references, enrolment and the searches."""

from __future__ import annotations

import base64
import json
import os
from types import TracebackType
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Type, Union

import numpy as np

from . import _native
from ._errors import UnknownSubjectError
from ._progress import Bar
from ._results import (
    Candidates,
    Check,
    Commit,
    Compacted,
    Deduplication,
    Enrolled,
    Info,
    Problem,
    Rejected,
    Verification,
    candidates_of,
    deduplication_of,
    DECISIONS,
)

#: A record like a line of the registration feed. Templates may be bytes and embeddings arrays instead of base64.
Record = Mapping[str, Any]
Path = Union[str, "os.PathLike[str]"]
#: Of mates that a full comparison would accept, the share that the screen of fingers may lose unless told otherwise.
MISS = 0.005
#: A year of birth, or the first and the last of several.
Born = Union[int, Tuple[int, int], range]


class Gallery:
    """The stored references of subjects, in a directory: searched in place, enrolled into by one writer at a time.

    A gallery that is open reads one commit; :meth:`refresh` goes on with the newest. What is enrolled or removed shows,
    and lasts, from :meth:`commit` on. Searches may be called from several threads at once.

    >>> import tempfile, numpy as np, vantay
    >>> path = tempfile.mkdtemp()
    >>> with vantay.Gallery.create(path, face_model="w600k_mbf", face_dim=16) as gallery:
    ...     _ = gallery.enroll([{
    ...         "registration": "HN-2022-0000001",
    ...         "personal_id": "001204000257",
    ...         "portrait": {"model": "w600k_mbf", "embedding": np.arange(16, dtype=np.float32)},
    ...     }])
    ...     gallery.commit()
    Commit(number=1, enrolled=1, removed=0)
    >>> gallery = vantay.Gallery.open(path)
    >>> len(gallery), gallery.info().face_model
    (1, 'w600k_mbf')
    >>> gallery.identify_faces(np.arange(16), top=1).subjects[0, 0].item()
    '001204000257'
    """

    def __init__(self, native: _native.Gallery, calibrations: Dict[str, Optional[str]]) -> None:
        """Use :meth:`create` or :meth:`open`."""
        self._native = native
        self._calibrations = calibrations

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        face_model: Optional[str] = None,
        face_dim: Optional[int] = None,
        id: str = "vn",
        face_calibration: Optional[Path] = None,
        finger_calibration: Optional[Path] = None,
    ) -> "Gallery":
        """Creates an empty gallery in a new or empty directory that only the owner can enter, and opens it for writing.

        :param face_model: The model that all embeddings are of, by name; without one the gallery takes no portraits.
        :param face_dim: Components of an embedding, 16 to 4096.
        :param id: ``vn`` for Vietnam's twelve digits, ``opaque`` for any 1 to 64 bytes without control characters.
        :raises GalleryExistsError: (a ``FileExistsError``) if the directory is not empty.
        :raises GalleryOptionError: (a ``ValueError``) if a number is out of range.
        """
        native = _native.Gallery.create(os.fspath(path), id, face_model, face_dim)
        return cls(native, _calibrations(face_calibration, finger_calibration))

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        writable: bool = False,
        allow_others: bool = False,
        face_calibration: Optional[Path] = None,
        finger_calibration: Optional[Path] = None,
    ) -> "Gallery":
        """Opens a gallery at its last commit, for reading unless ``writable``. Costs the same for any size.

        :param writable: Take the gallery's one writer.
        :param allow_others: Open it even if others than the owner can read the files; :attr:`warnings` says which.
        :param face_calibration: A file of ``vantay calibrate`` for the face model: what makes rates of cosines.
        :param finger_calibration: The same for fingerprint scores.
        :raises NotAGalleryError: (a ``FileNotFoundError``) if there is none.
        :raises GalleryLockedError: (a ``BlockingIOError``) if somebody else writes.
        :raises DamagedError: (an ``OSError``) if the files are not what was written.
        """
        native = _native.Gallery.open(os.fspath(path), writable, allow_others)
        return cls(native, _calibrations(face_calibration, finger_calibration))

    # What it holds

    def info(self) -> Info:
        """What the commit at hand holds. Costs nothing."""
        return Info(**self._native.info())

    def __len__(self) -> int:
        return int(self._native.info()["registrations"])

    def __repr__(self) -> str:
        info = self.info()
        mode = "writable" if self.writable else "read-only"
        counts = f"{info.registrations} registrations of {info.subjects} subjects, commit {info.commit}"
        return f"<Gallery {info.path!r}: {counts}, {mode}>"

    def _repr_html_(self) -> str:
        return self.info()._repr_html_()

    @property
    def writable(self) -> bool:
        """Whether this handle has the writer."""
        return self._native.writable

    @property
    def staged(self) -> int:
        """How many registrations wait for :meth:`commit`."""
        return self._native.staged

    @property
    def warnings(self) -> List[str]:
        """What of the files is open to others, if ``allow_others`` let it pass."""
        return self._native.warnings

    def refresh(self) -> int:
        """Goes on with the newest commit and returns its number. Searches that run go on with theirs."""
        return self._native.refresh()

    def warm(self, *, threads: Optional[int] = None) -> None:
        """Reads every file of the gallery and checks it, so that no later search waits for the disk.

        For services, where the files fit in memory. Without it the first searches of few probes have it done in the background.

        :raises DamagedError: (an ``OSError``) if the files are not what was written.
        """
        self._native.warm(threads)

    def close(self) -> None:
        """Gives the writer up; what was not committed is forgotten. Searches stay possible.

        :raises GalleryLockedError: (a ``BlockingIOError``) while another call writes. At the end of a ``with`` that an exception
            leaves, such as that of Ctrl-C, the writer is given up when that call ends.
        """
        self._native.close(False)

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._native.close(kind is not None)

    # Enrolment

    def enroll(
        self, source: Union[Path, Record, Iterable[Record]], *, on_error: str = "stop", threads: Optional[int] = None
    ) -> Enrolled:
        """Stages the registrations of a feed (a path: NDJSON, plain, ``.gz`` or ``.zst``) or of records.

        A bad record raises, with what stood before it staged: call :meth:`rollback` to forget that too. With
        ``on_error="skip"`` it is counted and passed over.

        :raises FeedError: (a ``ValueError``) with file, line, byte offset and field, if a record is not right.
        :raises RejectionError: (a ``ValueError``) if the gallery does not take it, such as a name that exists; of a feed with
            file, line and byte offset.
        :raises ReadOnlyError: (a ``PermissionError``) if the gallery is open for reading.
        """
        if on_error not in ("stop", "skip"):
            raise ValueError("on_error: expected 'stop' or 'skip'")
        skip = on_error == "skip"
        if isinstance(source, (str, os.PathLike)):
            enrolled, rejected, reasons = self._native.enroll_feed(os.fspath(source), skip, threads)
            return Enrolled(enrolled, rejected, [Rejected(*reason) for reason in reasons])
        enrolled, refused = self._native.enroll_lines(_lines(source), skip)
        told = [Rejected(field, kind, 1, f"record {number}: {why}") for number, field, kind, why in refused]
        return Enrolled(enrolled, len(refused), told)

    def enroll_faces(
        self, personal_ids: Sequence[str], embeddings: Any, *, registrations: Optional[Sequence[str]] = None
    ) -> int:
        """Stages portraits alone and returns how many.

        :param personal_ids: (n,) str.
        :param embeddings: (n, d) float32 of the gallery's model; scaled to length one on the way in.
        :param registrations: (n,) str, unique in the gallery; without them registrations are called
            ``face-<commit>-<number>`` by the number of the commit to come.
        :raises ModelError: (a ``ValueError``) if the dimension is not the gallery's.
        :raises TemplateError: (a ``ValueError``) if an embedding is zero or not finite.
        """
        names = None if registrations is None else [str(name) for name in registrations]
        return self._native.enroll_faces([str(id) for id in personal_ids], names, _embeddings(embeddings))

    def commit(self) -> Commit:
        """Publishes all that was staged, all of it or nothing. When it returns, a loss of power takes nothing of it."""
        return Commit(*self._native.commit())

    def rollback(self) -> None:
        """Forgets what was staged since the last commit."""
        self._native.rollback()

    def remove(self, personal_ids: Union[str, Sequence[str]], *, missing_ok: bool = False) -> int:
        """Removes all registrations of subjects, from :meth:`commit` on, and returns how many they were.

        Their templates leave the searches with the commit and the files with :meth:`compact`.

        :raises UnknownSubjectError: (a ``KeyError``) if there is none of a subject, unless ``missing_ok``. The others
            are removed nevertheless, once committed.
        """
        ids = [personal_ids] if isinstance(personal_ids, str) else [str(id) for id in personal_ids]
        removed = self._native.remove(ids)
        unknown = sum(count == 0 for count in removed)
        if unknown and not missing_ok:
            raise UnknownSubjectError(f"{unknown} of {len(ids)} subjects have no registration in the gallery")
        return sum(removed)

    def compact(self) -> Compacted:
        """Rewrites what holds removed rows and what is small, so that no byte of a removed template is in any file."""
        return Compacted(*self._native.compact())

    def check(self, *, deep: bool = True) -> Check:
        """Looks for damage: every byte against its checksum if ``deep``, the metadata alone if not."""
        problems, commit, files, size = self._native.check(deep)
        return Check([Problem(*problem) for problem in problems], commit, files, size)

    # Searches

    def verify(
        self,
        record: Union[Record, Sequence[Record]],
        *,
        fmr: Optional[float] = None,
        policy: Optional[Path] = None,
        face_threshold: Optional[float] = None,
        finger_threshold: Optional[float] = None,
        modality: str = "both",
        fingers: str = "same",
        threads: Optional[int] = None,
    ) -> Any:
        """Compares a record with the subject that its ``personal_id`` names; of a list of records, each.

        What suffices for a match is one of: a false match rate ``fmr``, a ``policy`` file, or raw thresholds, which promise
        no rate. Rates need calibrations: the library has them for its fingerprint scores and a few face models; for others see
        :meth:`open`. With none of these, the default policy decides where everything
        is calibrated, raw thresholds (cosine 0.4, finger score 12) where not.

        :param modality: ``face``, ``fingerprint`` or ``both``: what of the record is used.
        :param fingers: ``same`` compares fingers of the same position, ``any`` any with any.
        :returns: :class:`Verification`, or a list of them for a list of records.
        :raises FeedError: (a ``ValueError``) if the record is not right.
        :raises DecisionError: (a ``ValueError``) if a rate is asked of scores that are not calibrated.
        """
        asked = self._asked(fmr=fmr, policy=policy, face_threshold=face_threshold, finger_threshold=finger_threshold)
        answers = self._native.verify(_lines(record), _looking(0, modality, fingers), asked, threads)
        told = [Verification(**{**answer, "decision": str(DECISIONS[answer["decision"]])}) for answer in answers]
        return told[0] if isinstance(record, Mapping) else told

    def identify(
        self,
        records: Union[Record, Sequence[Record]],
        *,
        top: int = 10,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        policy: Optional[Path] = None,
        face_threshold: Optional[float] = None,
        finger_threshold: Optional[float] = None,
        born: Optional[Born] = None,
        sex: Optional[str] = None,
        province: Union[None, int, str, Sequence[Union[int, str]]] = None,
        modality: str = "both",
        fingers: str = "same",
        miss: float = MISS,
        threads: Optional[int] = None,
    ) -> Candidates:
        """Looks for each record in the whole gallery, by all parts that it has.

        Its ``registration`` and ``personal_id`` have to be there and of the right form, as of any record, but are not looked at.

        :param top: At most how many candidates a record gets.
        :param fpir: What suffices for a match, as the rate of searches of strangers that find anybody at the gallery's
            size; or ``fmr``, ``policy``, raw thresholds, as in :meth:`verify`.
        :param born: Only subjects born in this year, or in these (first, last).
        :param sex: ``f`` or ``m``.
        :param province: One code, or several of which any will do: ``"001"`` or ``1``.
        :param miss: Of mates that a full comparison would accept, the share that the screen of fingers may lose; 0 compares
            every finger in full.
        """
        asked = self._asked(
            fmr=fmr, fpir=fpir, policy=policy, face_threshold=face_threshold, finger_threshold=finger_threshold
        )
        looking = _looking(top, modality, fingers, born, sex, province, miss=miss)
        return candidates_of(self._native.identify(_lines(records), looking, asked, threads), top, "all")

    def identify_faces(
        self,
        embeddings: Any,
        *,
        top: int = 10,
        threshold: Optional[float] = None,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        born: Optional[Born] = None,
        sex: Optional[str] = None,
        province: Union[None, int, str, Sequence[Union[int, str]]] = None,
        threads: Optional[int] = None,
    ) -> Candidates:
        """Looks for each face in the whole gallery: exactly the subjects of highest cosine, as a full scan finds them.

        :param embeddings: (m, d) float32 of the gallery's model, or one of shape (d,). Any length but zero.
        :param top: At most how many candidates a face gets.
        :param threshold: Candidates below this cosine are left out.
        :returns: ``scores`` (m, top) are cosines.
        :raises ModelError: (a ``ValueError``) if the dimension is not the gallery's.
        """
        asked = self._asked(fmr=fmr, fpir=fpir)
        looking = _looking(top, "face", "same", born, sex, province)
        native = self._native.identify_faces(_embeddings(embeddings), looking, asked, threshold, threads)
        return candidates_of(native, top, "face")

    def identify_fingers(
        self,
        templates: Union[bytes, Sequence[bytes]],
        *,
        position: int = 0,
        top: int = 10,
        threshold: Optional[float] = None,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        born: Optional[Born] = None,
        sex: Optional[str] = None,
        province: Union[None, int, str, Sequence[Union[int, str]]] = None,
        fingers: str = "same",
        miss: float = MISS,
        threads: Optional[int] = None,
    ) -> Candidates:
        """Looks for each template record in the whole gallery.

        :param templates: m records in any of the formats that the library reads, or one.
        :param position: The ISO finger position, 0 (unknown: taken from the record) to 10.
        :param threshold: Candidates of whom no finger reaches this score are left out.
        :param miss: Of mates that a full comparison would accept, the share that the screen may lose; 0 compares every
            reference in full.
        :returns: ``scores`` (m, top) are comparison scores, summed over the fingers of a record with several views.
        :raises TemplateError: (a ``ValueError``) with the number of the record that cannot be read.
        """
        asked = self._asked(fmr=fmr, fpir=fpir)
        looking = _looking(top, "fingerprint", fingers, born, sex, province, miss=miss)
        records = [templates] if isinstance(templates, (bytes, bytearray)) else list(templates)
        native = self._native.identify_fingers(records, position, looking, asked, threshold, threads)
        return candidates_of(native, top, "fingers")

    def deduplicate(
        self,
        against: Optional["Gallery"] = None,
        *,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        false_pairs: Optional[float] = None,
        policy: Optional[Path] = None,
        face_threshold: Optional[float] = None,
        finger_threshold: Optional[float] = None,
        face_candidates: Optional[float] = None,
        modality: str = "both",
        fingers: str = "same",
        miss: float = MISS,
        every_finger: bool = True,
        checkpoint: Optional[Path] = None,
        progress: Union[bool, Callable[[str, int, int], None]] = False,
        threads: Optional[int] = None,
    ) -> Deduplication:
        """Lists the pairs of registrations that look like one person's, within the gallery or between it and another.

        :param false_pairs: What suffices for a match, as the number of false pairs expected in the whole gallery; or ``fmr``,
            ``fpir``, ``policy``, raw thresholds, as in :meth:`verify`.
        :param face_candidates: The cosine from which two portraits are compared in all parts.
        :param miss: Of mates that a full comparison would accept, the share that the screen of fingers may lose.
        :param every_finger: Hold the fingers of all registrations against each other; ``False``: only of those without a
            portrait, hundreds of times faster, but it misses who does not look alike in two portraits.
        :param checkpoint: Where the join of the portraits keeps what it has finished: a run that was killed goes on from there.
            Remove the file when the pairs are safe.
        :param progress: ``True`` for a bar on standard error (of tqdm or rich, if either is installed), or a function of
            (stage, done, total), called on this thread.
        :raises KeyboardInterrupt: within a second of Ctrl-C.

        >>> import numpy as np, tempfile, vantay
        >>> faces = np.random.default_rng(5).standard_normal((4, 64), dtype=np.float32)
        >>> gallery = vantay.Gallery.create(tempfile.mkdtemp(), id="opaque", face_model="m", face_dim=64)
        >>> gallery.enroll_faces(["ann", "bob", "cid", "dan"], [faces[0], faces[1], faces[0] + 0.1 * faces[2], faces[3]])
        4
        >>> _ = gallery.commit()
        >>> found = gallery.deduplicate()
        >>> [(str(pair["a_personal_id"]), str(pair["b_personal_id"])) for pair in found.pairs]
        [('ann', 'cid')]
        >>> found.clusters[0].members[1].personal_id
        'cid'
        """
        asked = self._asked(
            fmr=fmr,
            fpir=fpir,
            false_pairs=false_pairs,
            policy=policy,
            face_threshold=face_threshold,
            finger_threshold=finger_threshold,
        )
        other = None if against is None else against._native
        bar = Bar() if progress is True else None
        told = bar if isinstance(progress, bool) else progress
        try:
            looking = _looking(0, modality, fingers, miss=miss, every_finger=every_finger)
            kept = None if checkpoint is None else os.fspath(checkpoint)
            native = self._native.deduplicate(other, looking, asked, face_candidates, kept, told, threads)
        finally:
            if bar is not None:
                bar.close()
        return deduplication_of(native)

    def _asked(self, **asked: Union[None, float, Path]) -> Dict[str, Union[None, float, str]]:
        return {**_asked(**asked), **self._calibrations}


def _asked(**asked: Union[None, float, Path]) -> Dict[str, Union[None, float, str]]:
    names = ("fmr", "fpir", "false_pairs", "policy", "face_threshold", "finger_threshold")
    values: Dict[str, Union[None, float, str]] = {name: None for name in names}
    for name, value in asked.items():
        values[name] = os.fspath(value) if isinstance(value, os.PathLike) else value
    return values


def _calibrations(face: Optional[Path], finger: Optional[Path]) -> Dict[str, Optional[str]]:
    return {
        "face_calibration": None if face is None else os.fspath(face),
        "finger_calibration": None if finger is None else os.fspath(finger),
    }


def _looking(
    top: int,
    modality: str,
    fingers: str,
    born: Optional[Born] = None,
    sex: Optional[str] = None,
    province: Union[None, int, str, Sequence[Union[int, str]]] = None,
    *,
    miss: float = MISS,
    every_finger: bool = True,
) -> Dict[str, Any]:
    if isinstance(born, int):
        born = (born, born)
    elif isinstance(born, range):
        if len(born) == 0 or born.step != 1:
            raise ValueError(f"born={born!r}: expected years one after another")
        born = (born[0], born[-1])
    elif born is not None:
        born = (born[0], born[1])
    if province is None:
        province = []
    elif isinstance(province, (int, str)):
        province = [province]
    provinces = [int(code) for code in province]
    if any(not 0 <= code <= 999 for code in provinces):
        raise ValueError("province: expected codes of three digits, such as '001'")
    return {
        "top": top,
        "modality": modality,
        "fingers": fingers,
        "born": born,
        "sex": sex,
        "provinces": provinces,
        "miss": float(miss),
        "every_finger": every_finger,
        "whole": None,
        "sample": None,
    }


def _embeddings(embeddings: Any) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """C-contiguous and aligned (n, d) float32, without a copy where it is that already."""
    rows = np.require(embeddings, np.float32, ["C", "A"])
    if rows.ndim == 1:
        rows = rows[None, :]
    if rows.ndim != 2:
        raise ValueError(f"embeddings of shape {rows.shape}: expected (n, d) or (d,)")
    return rows


def _lines(records: Union[Record, Iterable[Record]]) -> List[bytes]:
    """Records as lines of a feed."""
    several = [records] if isinstance(records, Mapping) else records
    return [json.dumps(record, default=_plain, separators=(",", ":")).encode() for record in several]


def _plain(value: Any) -> Any:
    """What JSON lacks: bytes and arrays of embeddings as base64, mappings as objects."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, np.ndarray):
        return base64.b64encode(np.ascontiguousarray(value, dtype="<f4").tobytes()).decode()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a record cannot hold {type(value).__name__}")
