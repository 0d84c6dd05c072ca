"""The actors that hold shards open: asked all at once, started again where they die, given up where they stay away."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ._actors import Forgotten, ShardReader
from ._errors import LostShardError, shard_error
from ._ray import cause_of, gone, on_node, places, ray
from ._shards import Shards, Sizes, check_together, whole_of
from ._survey import lost, survey

#: Seconds between looks at a shard that went away.
PAUSE = 0.2
#: Seconds after which a lost shard is asked for again.
REST = 1.0


class Servers:
    """One actor for each shard, on a node that has its files."""

    def __init__(self, shards: Shards, calibrations: Dict[str, Optional[str]], cpus: float, patience: float) -> None:
        self.ray = ray()
        self.shards, self.calibrations, self.cpus, self.patience = shards, calibrations, cpus, patience
        self.where = places(self.ray, shards)
        #: What each shard says of itself; of lost ones, what it last said.
        self.told = survey(self.ray, shards, self.where)
        #: Since when a shard is lost, and the question that it has been asked since.
        self._lost: Dict[int, Tuple[float, Any]] = {}
        self.actors: List[Any] = [self._start(number) for number in range(len(shards))]

    def close(self) -> None:
        """Ends the actors."""
        for actor in self.actors:
            self.ray.kill(actor)

    @property
    def missed(self) -> Tuple[int, ...]:
        """The shards that do not answer at present."""
        return tuple(sorted(self._lost))

    @property
    def alive(self) -> List[int]:
        """The others."""
        return [number for number in range(len(self.shards)) if number not in self._lost]

    @property
    def whole(self) -> Sizes:
        """The size of the whole gallery, lost shards too: what rates are reckoned from."""
        return whole_of(self.told)

    def refresh(self) -> None:
        """Goes on with the newest commit of each shard."""
        told, away = self.ask("describe", {number: (True,) for number in self.alive})
        for number in away:
            self.lose(number)
        check_together(self.shards, {**self.told, **told})
        self.told.update(told)

    def ask(self, method: str, calls: Dict[int, Tuple[Any, ...]]) -> Tuple[Dict[int, Any], List[int]]:
        """What each shard answers, and which of them went away."""
        asked = {number: getattr(self.actors[number], method).remote(*args) for number, args in calls.items()}
        told: Dict[int, Any] = {}
        away: List[int] = []
        failed: Optional[BaseException] = None
        for number, answer in asked.items():
            try:
                told[number] = self.ray.get(answer)
            except self.ray.exceptions.RayTaskError as error:
                cause = cause_of(error)
                # What the caller asked for is wrong, not the shard; or the question came to an actor that has just begun.
                is_ours = isinstance(cause, (ValueError, TypeError)) and not isinstance(cause, OSError)
                if is_ours or isinstance(cause, Forgotten):
                    failed = failed or cause
                else:
                    failed = shard_error(number, self.shards.paths[number], cause)
            except gone(self.ray):
                away.append(number)
        if failed is not None:
            raise failed
        return told, away

    def step(self, method: str, calls: Dict[int, Tuple[Any, ...]]) -> Optional[Dict[int, Any]]:
        """What all shards say, or nothing if one of them went away: it has been waited for by then, and may be lost."""
        told, away = self.ask(method, calls)
        for number in away:
            if self.wait_for(number) is None:
                self.lose(number)
        return None if away else told

    def wait_for(self, number: int) -> Optional[Dict[str, Any]]:
        """Waits for a shard that went away; ``None`` if it stays away."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            try:
                left = max(0.1, until - time.monotonic())
                answer: Dict[str, Any] = self.ray.get(self.actors[number].describe.remote(), timeout=left)
                return answer
            except self.ray.exceptions.RayTaskError as error:
                raise shard_error(number, self.shards.paths[number], cause_of(error))
            except (self.ray.exceptions.ActorDiedError, self.ray.exceptions.ActorUnschedulableError):
                if not self._has_node(number):
                    return None
                self.actors[number] = self._start(number)
            except gone(self.ray):
                pass
            time.sleep(PAUSE)
        return None

    def lose(self, number: int) -> None:
        """Goes on without a shard, until it is back."""
        self._lost[number] = (time.monotonic(), None)

    def look_for_lost(self) -> None:
        """Takes shards in again that have come back, without waiting for those that have not."""
        for number, (since, pending) in list(self._lost.items()):
            if pending is None:
                if time.monotonic() - since < REST or not self._has_node(number):
                    continue
                pending = self.actors[number].describe.remote(True)
                self._lost[number] = (since, pending)
            if not self.ray.wait([pending], timeout=0)[0]:
                continue
            try:
                told = self.ray.get(pending)
            except gone(self.ray):
                self.actors[number] = self._start(number)
                self.lose(number)
                continue
            except self.ray.exceptions.RayTaskError as error:
                raise shard_error(number, self.shards.paths[number], cause_of(error))
            check_together(self.shards, {**self.told, number: told})
            self.told[number] = told
            del self._lost[number]

    def error(self, numbers: Sequence[int], what: str) -> LostShardError:
        """The error that says which shards are missed."""
        return lost(self.shards, numbers, what)

    def _start(self, number: int) -> Any:
        where = self.where[number]
        # Where one node alone has the files, nowhere else will do.
        strategy = on_node(where[number % len(where)], soft=len(where) > 1) if where else "SPREAD"
        actor = self.ray.remote(ShardReader).options(
            num_cpus=self.cpus, max_restarts=-1, max_task_retries=0, scheduling_strategy=strategy
        )
        return actor.remote(self.shards.paths[number], self.calibrations)

    def _has_node(self, number: int) -> bool:
        alive = {node["NodeID"] for node in self.ray.nodes() if node["Alive"]}
        return bool(alive & set(self.where[number])) or len(self.where[number]) != 1
