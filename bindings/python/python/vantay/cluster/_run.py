"""The blocks of a deduplication as tasks of Ray: where they run, how often, what becomes of those that fail."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from .. import _native
from .._results import Array
from ._block import block
from ._checkpoint import Kept
from ._errors import ClusterError, shard_error
from ._ray import cause_of, gone, on_node, places, ray
from ._shards import ShardsLike, shards_like, whole_of
from ._survey import lost, sampled, survey

#: Two shards.
At = Tuple[int, int]


class Run:
    """One deduplication, over the commits that its shards had when it began."""

    def __init__(
        self,
        shards: ShardsLike,
        looking: Dict[str, Any],
        asked: Dict[str, Any],
        face_candidates: Optional[float],
        cpus: int,
        memory: Optional[int],
        retries: int,
    ) -> None:
        self.ray = ray()
        self.shards = shards_like(shards)
        self.asked, self.face_candidates, self.cpus, self.memory = asked, face_candidates, cpus, memory
        self.retries = retries
        self.where = places(self.ray, self.shards)
        self.running: Dict[Any, At] = {}
        self.tried: Dict[At, int] = {}
        self.turn = itertools.count()
        told = survey(self.ray, self.shards, self.where)
        self.commits = [told[number]["commit"] for number in range(len(self.shards))]
        self.looking = {**looking, "whole": whole_of(told)}
        self.set = told[0]["label"]["set"]
        self.sample: Any = None

    def close(self) -> None:
        """Ends what still runs."""
        for answer in self.running:
            self.ray.cancel(answer, force=True)

    def blocks(self, checkpoint: Optional[str], ahead: int) -> Iterator[Tuple[At, Array, int, int]]:
        """Each block with what it found, how many are finished, and how many there are."""
        count = len(self.shards)
        # Within a shard first: what is damaged shows before anything else is computed.
        todo = sorted(((a, b) for a in range(count) for b in range(a, count)), key=lambda ab: (ab[0] != ab[1], ab))
        total, done = len(todo), 0
        left: List[At] = []
        kept = None if checkpoint is None else Kept(checkpoint, self._question())
        for a, b in todo:
            pairs = None if kept is None else kept.load(a, b)
            if pairs is None:
                left.append((a, b))
            else:
                done += 1
                yield (a, b), pairs, done, total
        left.reverse()
        if left and self.looking["modality"] != "face" and self.looking["miss"] > 0:
            self.sample = self.ray.put(sampled(self.ray, self.shards, self.where, self.commits))
        while left or self.running:
            while left and len(self.running) < max(1, ahead * self._slots()):
                self._submit(left.pop())
            ready, _ = self.ray.wait(list(self.running), num_returns=1)
            a, b = self.running.pop(ready[0])
            pairs = self._take(ready[0], a, b)
            if pairs is None:
                left.append((a, b))
                continue
            if kept is not None:
                kept.save(a, b, pairs)
            done += 1
            yield (a, b), pairs, done, total

    def _slots(self) -> int:
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)) // max(1, self.cpus))

    def _question(self) -> str:
        asked = json.dumps([self.set, self.commits, self.looking, self.asked, self.face_candidates, _native.VERSION])
        for name in ("policy", "face_calibration", "finger_calibration"):
            if self.asked[name] is not None:
                with open(self.asked[name], "rb") as file:
                    asked += hashlib.sha256(file.read()).hexdigest()
        return hashlib.sha256(asked.encode()).hexdigest()

    def _submit(self, at: At) -> None:
        a, b = at
        alive = {node["NodeID"] for node in self.ray.nodes() if node["Alive"]}
        both = [node for node in self.where[a] if node in self.where[b] and node in alive]
        here = both or [node for node in self.where[a] if node in alive]
        there = [node for node in self.where[b] if node in alive]
        if not here or not there:
            raise lost(self.shards, [n for n, nodes in ((a, here), (b, there)) if not nodes], "is on no node that is alive")
        # On another node's disk: copied for as long as the block is joined.
        source = None if both else there[0]
        node = here[next(self.turn) % len(here)]
        task = self.ray.remote(block).options(
            num_cpus=self.cpus,
            max_retries=0,
            scheduling_strategy=on_node(node, soft=len(both) > 1),
            **({} if self.memory is None else {"memory": self.memory}),
        )
        answer = task.remote(
            (self.shards.paths[a], self.commits[a]),
            (self.shards.paths[b], self.commits[b]),
            source,
            self.looking,
            self.sample,
            self.asked,
            self.face_candidates,
            self.cpus,
        )
        self.running[answer] = at

    def _take(self, answer: Any, a: int, b: int) -> Optional[Array]:
        """What a block found, or ``None`` if it is to be begun again."""
        try:
            found: Tuple[Optional[int], Any] = self.ray.get(answer)
        except self.ray.exceptions.RayTaskError as error:
            cause = cause_of(error)
            if isinstance(cause, gone(self.ray)):
                self._again(a, b, cause)
                return None
            raise cause from None
        except gone(self.ray) as error:
            self._again(a, b, error)
            return None
        shard, what = found
        if shard is not None:
            number = (a, b)[shard]
            raise shard_error(number, self.shards.paths[number], what)
        return np.array(what)

    def _again(self, a: int, b: int, error: BaseException) -> None:
        self.tried[a, b] = self.tried.get((a, b), 0) + 1
        if self.tried[a, b] > self.retries:
            raise ClusterError(f"block {a} × {b}: its worker died {self.tried[a, b]} times: {error}") from error
