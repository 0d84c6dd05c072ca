"""What runs in Ray's workers: a shard that is held open for searches, and one that is written to."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .. import _native
from .._gallery import Gallery
from ._shards import describe

#: Batches that an actor keeps between steps; whoever began them has given up on older ones.
BATCHES = 8


class Forgotten(Exception):
    """The actor was restarted, or the shard has another commit than the search began with: begin again."""


class ShardReader:
    """A shard that is open, and the batches that are on their way through it."""

    def __init__(self, path: str, calibrations: Dict[str, Optional[str]]) -> None:
        self.path = path
        self.calibrations = calibrations
        self.gallery: Optional[Gallery] = None
        self.batches: "OrderedDict[str, _native.ShardBatch]" = OrderedDict()

    def _open(self) -> Gallery:
        # Not when the actor is made: an error there is one of Ray, which does not carry ours.
        if self.gallery is None:
            self.gallery = Gallery.open(
                self.path,
                face_calibration=self.calibrations.get("face_calibration"),
                finger_calibration=self.calibrations.get("finger_calibration"),
            )
        return self.gallery

    def describe(self, refresh: bool = False) -> Dict[str, Any]:
        gallery = self._open()
        if refresh:
            gallery.refresh()
        return describe(self.path, gallery)

    def _at(self, commit: int) -> Gallery:
        gallery = self._open()
        if gallery.info().commit != commit:
            raise Forgotten(f"{self.path}: another commit than {commit}")
        return gallery

    def begin(
        self,
        key: str,
        commit: int,
        probes: Dict[str, Any],
        looking: Dict[str, Any],
        asked: Dict[str, Any],
        threads: Optional[int],
        at_once: bool,
    ) -> Tuple[bool, bytes]:
        """Begins a batch: what was counted, or if nothing is to be screened (``at_once``) already the names. As :meth:`go_on` answers."""
        gallery = self._at(commit)
        batch = _native.begin_batch(
            gallery._native,
            probes.get("lines"),
            probes.get("embeddings"),
            probes.get("templates"),
            looking,
            {**asked, **gallery._calibrations},
            threads,
        )
        self.batches[key] = batch
        while len(self.batches) > BATCHES:
            self.batches.popitem(last=False)
        return batch.go_on(_native.add_counts([])) if at_once else (True, batch.counts())

    def _batch(self, key: str) -> "_native.ShardBatch":
        if key not in self.batches:
            raise Forgotten(f"{self.path}: the batch is not known")
        return self.batches[key]

    def go_on(self, key: str, counts: bytes) -> Tuple[bool, bytes]:
        """Whether there is more to be counted, and what was; if not, the names."""
        return self._batch(key).go_on(counts)

    def ranked(self, key: str, named: bytes) -> Dict[str, Any]:
        batch = self._batch(key)
        del self.batches[key]
        return batch.ranked(named)

    def verify(
        self, commit: int, lines: List[bytes], looking: Dict[str, Any], asked: Dict[str, Any], threads: Optional[int]
    ) -> List[Dict[str, Any]]:
        gallery = self._at(commit)
        return gallery._native.verify(lines, looking, {**asked, **gallery._calibrations}, threads)


class ShardWriter:
    """A shard that is open for writing."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.gallery: Optional[Gallery] = None

    def _open(self) -> Gallery:
        if self.gallery is None:
            self.gallery = Gallery.open(self.path, writable=True)
        return self.gallery

    def describe(self) -> Dict[str, Any]:
        return describe(self.path, self._open())

    def known(self, names: List[str]) -> List[str]:
        return _native.known_registrations(self._open()._native, names)

    def stage(self, lines: Sequence[bytes], skip: bool) -> Tuple[int, List[Tuple[int, str, str, str]]]:
        return self._open()._native.enroll_lines(list(lines), skip)

    def commit(self) -> Tuple[int, int, int]:
        return self._open()._native.commit()

    def close(self) -> None:
        if self.gallery is not None:
            self.gallery.close()
