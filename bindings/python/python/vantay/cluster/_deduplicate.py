"""Many to many over shards: every block of two shards is a task of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Optional, Union

from .._gallery import MISS, Path, _asked, _calibrations, _looking
from .._progress import Bar
from .._results import Array, Deduplication
from ._gather import gathered
from ._run import Run
from ._shards import ShardsLike


@dataclass(frozen=True, repr=False)
class Block:
    """What one block found: the pairs within a shard, or between two."""

    #: The shards.
    a: int
    b: int
    #: (n,) structured, as :attr:`vantay.Deduplication.pairs`, without clusters.
    pairs: Array
    #: How many blocks are finished, this one too, and how many there are.
    done: int
    total: int

    def __repr__(self) -> str:
        return f"<Block {self.a} × {self.b}: {len(self.pairs)} pairs, {self.done} of {self.total}>"


def deduplicate(
    shards: ShardsLike, *, progress: Union[bool, Callable[[str, int, int], None]] = False, **options: Any
) -> Deduplication:
    """Lists the pairs of registrations that look like one person's, in the whole gallery.

    The result equals that of :meth:`vantay.Gallery.deduplicate` over one big gallery with the same registrations, to the bit.

    :param progress: ``True`` for a bar on standard error, or a function of (stage, done, total).
    :param options: As :func:`deduplicate_blocks` takes them.
    :raises LostShardError: if the files of a shard are out of reach: a part of the pairs is no answer. With ``checkpoint``
        the next run goes on with the blocks that are missing.
    """
    bar = Bar() if progress is True else None
    told = bar if isinstance(progress, bool) else progress
    found: List[Array] = []
    try:
        for finished in deduplicate_blocks(shards, **options):
            found.append(finished.pairs)
            if told is not None:
                told("blocks", finished.done, finished.total)
    finally:
        if bar is not None:
            bar.close()
    return gathered(found)


def deduplicate_blocks(
    shards: ShardsLike,
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
    cpus: int = 1,
    ahead: int = 2,
    retries: int = 3,
    memory: Optional[int] = None,
    face_calibration: Optional[Path] = None,
    finger_calibration: Optional[Path] = None,
) -> Iterator[Block]:
    """The blocks of a deduplication as they finish, in any order: each pair of registrations is in exactly one.

    :param checkpoint: A directory of this run's own: what each finished block found stays there, and the next run with the same
        options over the same commits takes it from there. Remove it when the pairs are safe.
    :param cpus: Threads of a task; Ray runs as many tasks as the cluster has CPUs for.
    :param ahead: Blocks that are submitted for each one that can run: what bounds the memory of all that waits.
    :param retries: How often a block is begun again whose worker or node died.
    :param memory: Bytes that Ray reserves for a task.
    :raises ShardError: if a shard is damaged or of a later version; nothing is retried then.
    """
    asked = _asked(
        fmr=fmr,
        fpir=fpir,
        false_pairs=false_pairs,
        policy=policy,
        face_threshold=face_threshold,
        finger_threshold=finger_threshold,
    )
    looking = _looking(0, modality, fingers, miss=miss, every_finger=every_finger)
    calibrations = _calibrations(face_calibration, finger_calibration)
    run = Run(shards, looking, {**asked, **calibrations}, face_candidates, cpus, memory, retries)
    try:
        for (a, b), pairs, done, total in run.blocks(None if checkpoint is None else os.fspath(checkpoint), ahead):
            yield Block(a, b, pairs, done, total)
    finally:
        run.close()
