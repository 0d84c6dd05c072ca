"""What the shards say of themselves, asked where their files are before anything else is begun."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from .._gallery import Gallery
from ._errors import LostShardError, shard_error
from ._ray import cause_of, gone, on_node
from ._shards import Shards, check_together, describe

#: How often a question is asked again whose worker died.
RETRIES = 3


def survey(ray: Any, shards: Shards, where: Sequence[Sequence[str]]) -> Dict[int, Dict[str, Any]]:
    """What each shard says, once all of it makes one gallery. Tasks, not actors: workers that are there do them."""
    ask = ray.remote(_described)
    answers: List[Any] = []
    for number, path in enumerate(shards.paths):
        nodes = where[number]
        strategy = on_node(nodes[0], soft=len(nodes) > 1) if nodes else "DEFAULT"
        answers.append(ask.options(num_cpus=0, max_retries=RETRIES, scheduling_strategy=strategy).remote(path))
    told: Dict[int, Dict[str, Any]] = {}
    for number, answer in enumerate(answers):
        try:
            told[number] = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            raise shard_error(number, shards.paths[number], cause_of(error))
        except gone(ray) as error:
            raise lost(shards, [number], "cannot be opened") from error
    check_together(shards, told)
    return told


def lost(shards: Shards, numbers: Sequence[int], what: str) -> LostShardError:
    """The error that says which shards are missed."""
    first = f"shard {numbers[0]} ({shards.paths[numbers[0]]})" if numbers else "a shard"
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    error = LostShardError(f"{first}{more} {what}")
    error.lost = tuple(numbers)
    return error


def _described(path: str) -> Dict[str, Any]:
    return describe(path, Gallery.open(path))
