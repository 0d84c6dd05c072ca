"""Enrolment into shards: a feed is split by the hash of the personal ID."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Tuple, Union

from .. import _native
from .._gallery import Path, Record, _lines
from .._results import Enrolled, Rejected
from ._actors import ShardWriter
from ._errors import ClusterError, shard_error
from ._ray import cause_of, gone, on_node, places, ray
from ._shards import ShardsLike, check_together, shards_like

#: Batches of lines that a shard may lag behind before the feed waits for it.
AHEAD = 2


@dataclass(frozen=True)
class ClusterEnrolled(Enrolled):
    """What became of the records, and what each shard committed."""

    #: (commit, registrations) of each shard.
    commits: Tuple[Tuple[int, int], ...] = ()


def enroll(
    source: Union[Path, Record, Iterable[Record]], shards: ShardsLike, *, on_error: str = "stop"
) -> ClusterEnrolled:
    """Enrols a feed (a path) or records into the shards and commits each of them.

    Every registration is staged in its shard before the first shard commits; an error before that leaves all shards as they
    were. If a shard fails in the midst of the commits, the error says which have committed: run it again with
    ``on_error="skip"``, which passes over what is there.

    :raises FeedError: (a ``ValueError``) with file, line, byte offset and field, if a record is not right.
    :raises RejectionError: (a ``ValueError``) if a registration of that name exists, in whichever shard.
    :raises ShardError: if a shard cannot be written to.
    """
    if on_error not in ("stop", "skip"):
        raise ValueError("on_error: expected 'stop' or 'skip'")
    run = _Run(shards, on_error == "skip")
    try:
        if isinstance(source, (str, os.PathLike)):
            return run.feed(os.fspath(source))
        several = [source] if isinstance(source, Mapping) else list(source)
        return run.records(several)
    finally:
        run.close()


class _Run:
    def __init__(self, shards: ShardsLike, skip: bool) -> None:
        self.ray = ray()
        self.shards = shards_like(shards)
        self.skip = skip
        self.enrolled = 0
        self.refused: List[Rejected] = []
        self.pending: List[List[Any]] = [[] for _ in self.shards.paths]
        remote = self.ray.remote(ShardWriter)
        self.writers = []
        for path, where in zip(self.shards.paths, places(self.ray, self.shards)):
            strategy = on_node(where[0], soft=len(where) > 1) if where else "SPREAD"
            self.writers.append(remote.options(num_cpus=0, scheduling_strategy=strategy).remote(path))
        self.told = dict(enumerate(self.all("describe")))
        check_together(self.shards, self.told)

    def close(self) -> None:
        for writer in self.writers:
            self.ray.kill(writer)

    def get(self, shard: int, answer: Any) -> Any:
        try:
            return self.ray.get(answer)
        except self.ray.exceptions.RayTaskError as error:
            cause = cause_of(error)
            if isinstance(cause, ValueError):
                raise cause from None
            raise shard_error(shard, self.shards.paths[shard], cause)
        except gone(self.ray) as error:
            raise shard_error(shard, self.shards.paths[shard], error)

    def all(self, method: str, *args: Any) -> List[Any]:
        asked = [getattr(writer, method).remote(*args) for writer in self.writers]
        return [self.get(shard, answer) for shard, answer in enumerate(asked)]

    def feed(self, path: str) -> ClusterEnrolled:
        id_scheme, model, dimension = self.told[0]["kind"]
        face = None if model is None else (model, dimension)
        splitter = _native.FeedSplitter(path, id_scheme, face, len(self.writers), self.skip)
        while True:
            split = splitter.next()
            if split is None:
                break
            self.stage(*split)
        rejected, reasons = splitter.rejected()
        return self.finish(rejected, [Rejected(*reason) for reason in reasons])

    def records(self, records: List[Record]) -> ClusterEnrolled:
        homes = _native.shards_of([str(record.get("personal_id", "")) for record in records], len(self.writers))
        lines: List[List[bytes]] = [[] for _ in self.writers]
        names: List[List[str]] = [[] for _ in self.writers]
        seen: Dict[str, int] = {}
        told: List[Rejected] = []
        for number, (home, line) in enumerate(zip(homes, _lines(records))):
            name = str(records[number].get("registration", ""))
            if name in seen:
                message = f"record {number}: registration {name!r} is that of record {seen[name]} too"
                if not self.skip:
                    from .._errors import RegistrationExistsError

                    raise RegistrationExistsError(message)
                told.append(Rejected("", "refused", 1, message))
                continue
            seen[name] = number
            lines[home].append(line)
            names[home].append(name)
        self.stage(lines, names)
        return self.finish(len(told), told)

    def stage(self, lines: List[List[bytes]], names: List[List[str]]) -> None:
        """Hands each shard its lines, once no shard knows a registration of that name."""
        known = {name for found in self.all("known", sum(names, [])) for name in found}
        if known and not self.skip:
            from .._errors import RegistrationExistsError

            raise RegistrationExistsError(f"registration {min(known)!r} exists")
        for shard, (some, of) in enumerate(zip(lines, names)):
            fresh = [line for line, name in zip(some, of) if name not in known]
            exist = (f"registration {name!r} exists" for name in of if name in known)
            self.refused += [Rejected("", "refused", 1, why) for why in exist]
            if fresh:
                self.pending[shard].append(self.writers[shard].stage.remote(fresh, self.skip))
            while len(self.pending[shard]) > AHEAD:
                self.take(shard)

    def take(self, shard: int) -> None:
        enrolled, refused = self.get(shard, self.pending[shard].pop(0))
        self.enrolled += enrolled
        self.refused += [Rejected(field, kind, 1, why) for _, field, kind, why in refused]

    def finish(self, rejected: int, reasons: List[Rejected]) -> ClusterEnrolled:
        for shard, pending in enumerate(self.pending):
            while pending:
                self.take(shard)
        commits: List[Tuple[int, int]] = []
        asked = [writer.commit.remote() for writer in self.writers]
        failed: Dict[int, BaseException] = {}
        for shard, answer in enumerate(asked):
            try:
                number, enrolled, _ = self.get(shard, answer)
                commits.append((number, enrolled))
            except ClusterError as error:
                failed[shard] = error
        if failed:
            done = [shard for shard in range(len(self.writers)) if shard not in failed]
            first = min(failed)
            raise ClusterError(
                f"shards {sorted(failed)} did not commit, shards {done} did: run again with on_error='skip'; {failed[first]}"
            ) from failed[first]
        return ClusterEnrolled(self.enrolled, rejected + len(self.refused), reasons + self.refused, tuple(commits))
