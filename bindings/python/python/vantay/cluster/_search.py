"""One to one and one to many over shards: scattered, gathered, merged."""

from __future__ import annotations

import secrets
import warnings
from dataclasses import dataclass, field, fields
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Type, Union

import numpy as np

from .. import _native
from .._gallery import MISS, Born, Path, Record, _asked, _calibrations, _embeddings, _lines, _looking
from .._results import DECISIONS, Candidates, Verification, candidates_of
from ._actors import Forgotten
from ._errors import PartialResultWarning
from ._merge import merged
from ._servers import Servers
from ._shards import ShardsLike, shards_like

#: Times that a batch is begun anew because a shard was restarted or lost on the way.
ATTEMPTS = 6
#: Portraits that are searched together.
FACES = 4096
#: Fingers' screen scores that a shard keeps for a batch: probes times rows, some 64 MB of them.
SCORES = 3_200_000


@dataclass(frozen=True, repr=False)
class ClusterCandidates(Candidates):
    """Candidates of a gallery in shards, which may lack those of lost shards."""

    #: The shards that did not answer; empty if the result is whole.
    lost: Tuple[int, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether every shard answered."""
        return not self.lost

    def __repr__(self) -> str:
        partial = f", PARTIAL: shards {list(self.lost)} are lost" if self.lost else ""
        return super().__repr__()[:-1] + partial + ">"


class Search:
    """The shards of a gallery, each open in a Ray actor on a node that has its files.

    Answers are those of one big gallery with the same registrations, to the bit. A worker that dies is started again and asked
    again; a shard that stays away is left out of ``identify``, which then warns and marks the result
    (:attr:`ClusterCandidates.lost`), or raises with ``partial="raise"``. The gallery's size, on which rates depend, stays that of
    the whole. Searches see the commits at hand when this was made or :meth:`refresh` was called.

    ::

        with vantay.cluster.Search("national") as search:
            found = search.identify_faces(embeddings, top=10, fpir=1e-3)
            assert found.complete
    """

    def __init__(
        self,
        shards: ShardsLike,
        *,
        partial: str = "mark",
        cpus: float = 0,
        threads: Optional[int] = None,
        patience: float = 20.0,
        face_calibration: Optional[Path] = None,
        finger_calibration: Optional[Path] = None,
    ) -> None:
        """Opens all shards.

        :param shards: What :func:`create` returned, the directory that holds all of them, or their directories in order.
        :param partial: ``mark`` answers without lost shards and says so; ``raise`` does not answer.
        :param cpus: Of a node's CPUs, how many Ray reserves for each shard.
        :param threads: Of each shard; all cores of its node if not given.
        :param patience: Seconds that a shard that went away has to come back.
        :raises ShardError: if a shard cannot be opened: damaged, missing, written by a later version.
        :raises ShardMismatchError: (a ``ValueError``) if the shards do not belong together.
        """
        if partial not in ("mark", "raise"):
            raise ValueError("partial: expected 'mark' or 'raise'")
        self._servers = Servers(
            shards_like(shards), _calibrations(face_calibration, finger_calibration), cpus, patience
        )
        self._partial, self._threads = partial, threads

    # What it holds

    def __len__(self) -> int:
        return self._servers.whole[1]

    def __repr__(self) -> str:
        lost = f", {len(self.lost)} LOST" if self.lost else ""
        return f"<cluster.Search: {len(self)} registrations in {len(self._servers.shards)} shards{lost}>"

    @property
    def lost(self) -> Tuple[int, ...]:
        """The shards that do not answer at present."""
        return self._servers.missed

    def refresh(self) -> None:
        """Goes on with the newest commit of each shard."""
        self._servers.refresh()

    def close(self) -> None:
        """Ends the actors."""
        self._servers.close()

    def __enter__(self) -> "Search":
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    # Searches

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
    ) -> ClusterCandidates:
        """As :meth:`vantay.Gallery.identify`, over all shards."""
        asked = _asked(
            fmr=fmr, fpir=fpir, policy=policy, face_threshold=face_threshold, finger_threshold=finger_threshold
        )
        looking = _looking(top, modality, fingers, born, sex, province, miss=miss)
        return self._identify({"lines": _lines(records)}, looking, asked, "all")

    def identify_faces(
        self,
        embeddings: Any,
        *,
        top: int = 10,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        born: Optional[Born] = None,
        sex: Optional[str] = None,
        province: Union[None, int, str, Sequence[Union[int, str]]] = None,
    ) -> ClusterCandidates:
        """As :meth:`vantay.Gallery.identify_faces`, over all shards."""
        looking = _looking(top, "face", "same", born, sex, province)
        return self._identify({"embeddings": _embeddings(embeddings)}, looking, _asked(fmr=fmr, fpir=fpir), "face")

    def identify_fingers(
        self,
        templates: Union[bytes, Sequence[bytes]],
        *,
        position: int = 0,
        top: int = 10,
        fmr: Optional[float] = None,
        fpir: Optional[float] = None,
        born: Optional[Born] = None,
        sex: Optional[str] = None,
        province: Union[None, int, str, Sequence[Union[int, str]]] = None,
        fingers: str = "same",
        miss: float = MISS,
    ) -> ClusterCandidates:
        """As :meth:`vantay.Gallery.identify_fingers`, over all shards."""
        looking = _looking(top, "fingerprint", fingers, born, sex, province, miss=miss)
        records = [templates] if isinstance(templates, (bytes, bytearray)) else list(templates)
        probes = {"templates": (records, position)}
        return self._identify(probes, looking, _asked(fmr=fmr, fpir=fpir), "fingers")

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
    ) -> Any:
        """As :meth:`vantay.Gallery.verify`: each record by the shard that has its subject.

        :raises LostShardError: if a shard that is needed does not answer.
        """
        asked = _asked(fmr=fmr, policy=policy, face_threshold=face_threshold, finger_threshold=finger_threshold)
        several = [record] if isinstance(record, Mapping) else list(record)
        servers = self._servers
        homes = _native.shards_of([str(one["personal_id"]) for one in several], len(servers.shards))
        answers: Dict[int, Any] = {}
        for _ in range(ATTEMPTS):
            open_ = [number for number in range(len(several)) if number not in answers]
            if not open_:
                break
            looking = {**_looking(0, modality, fingers), "whole": servers.whole}
            of_home = {home: [n for n in open_ if homes[n] == home] for home in {homes[n] for n in open_}}
            calls = {}
            for home, numbers in of_home.items():
                lines = _lines([several[n] for n in numbers])
                calls[home] = (servers.told[home]["commit"], lines, looking, asked, self._threads)
            try:
                told, away = servers.ask("verify", calls)
            except Forgotten:
                servers.refresh()
                continue
            for home, of_shard in told.items():
                answers.update(zip(of_home[home], of_shard))
            for home in away:
                if servers.wait_for(home) is None:
                    raise servers.error([home], "has the subjects asked for and does not answer")
        missed = sorted({homes[n] for n in range(len(several)) if n not in answers})
        if missed:
            raise servers.error(missed, "does not stay")
        in_order = (answers[number] for number in range(len(several)))
        verified = [Verification(**{**answer, "decision": str(DECISIONS[answer["decision"]])}) for answer in in_order]
        return verified[0] if isinstance(record, Mapping) else verified

    def _identify(
        self, probes: Dict[str, Any], looking: Dict[str, Any], asked: Dict[str, Any], scores: str
    ) -> ClusterCandidates:
        kind, value = next(iter(probes.items()))
        of_templates = kind == "templates"
        number = len(value[0]) if of_templates else len(value)
        most = self._batch(kind)
        parts = []
        lost: Tuple[int, ...] = ()
        for start in range(0, max(number, 1), most):
            piece = (value[0][start : start + most], value[1]) if of_templates else value[start : start + most]
            columns, away = self._one_batch({kind: piece}, looking, asked)
            parts.append(candidates_of(columns, looking["top"], scores))
            lost = tuple(sorted({*lost, *away}))
        if lost:
            if self._partial == "raise":
                raise self._servers.error(lost, "does not answer")
            of = len(self._servers.shards)
            message = f"shards {list(lost)} of {of} do not answer: candidates of theirs are missing"
            warnings.warn(message, PartialResultWarning, stacklevel=3)
        joined = {of.name: np.concatenate([getattr(part, of.name) for part in parts]) for of in fields(Candidates)}
        return ClusterCandidates(**joined, lost=lost)

    def _batch(self, kind: str) -> int:
        """How many probes go together."""
        rows = max((of["sizes"][2] for of in self._servers.told.values()), default=1)
        return FACES if kind == "embeddings" else int(np.clip(SCORES // max(rows, 1), 1, 256))

    def _one_batch(
        self, probes: Dict[str, Any], looking: Dict[str, Any], asked: Dict[str, Any]
    ) -> Tuple[Dict[str, Any], Tuple[int, ...]]:
        """The candidates of a batch, and the shards without which they were found."""
        for _ in range(ATTEMPTS):
            self._servers.look_for_lost()
            alive = self._servers.alive
            if not alive:
                break
            try:
                told = self._steps(alive, probes, {**looking, "whole": self._servers.whole}, asked)
            except Forgotten:
                # A shard was restarted on the way, perhaps at a later commit.
                self._servers.refresh()
                continue
            if told is not None:
                return merged([told[number] for number in alive], looking["top"]), self.lost
        raise self._servers.error(self.lost, "does not answer")

    def _steps(
        self, alive: Sequence[int], probes: Dict[str, Any], looking: Dict[str, Any], asked: Dict[str, Any]
    ) -> Optional[Dict[int, Any]]:
        """Each shard's part of the answer, or nothing if one of them went away: the steps of ``src/search/shard.rs``."""
        servers, put = self._servers, self._servers.ray.put
        key = secrets.token_hex(8)
        at_once = looking["modality"] == "face"
        sent = put(probes)
        told = servers.step(
            "begin",
            {n: (key, servers.told[n]["commit"], sent, looking, asked, self._threads, at_once) for n in alive},
        )
        # How many steps there are depends on the probes: all shards come to the names together.
        while told is not None and all(more for more, _ in told.values()):
            counts = put(_native.add_counts([counts for _, counts in told.values()]))
            told = servers.step("go_on", {number: (key, counts) for number in alive})
        if told is None:
            return None
        named = put(_native.best_named([names for _, names in told.values()], looking))
        return servers.step("ranked", {number: (key, named) for number in alive})
