"""What the shards say of themselves, asked where their files are before anything else is begun."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

from .. import _native
from .._errors import VantayError
from .._gallery import Gallery
from ._errors import LostShardError, shard_error
from ._ray import cause_of, gone, on_node
from ._shards import Shards, check_together, describe

#: How often a question is asked again whose worker died.
RETRIES = 3


def survey(ray: Any, shards: Shards, where: Sequence[Sequence[str]]) -> Dict[int, Dict[str, Any]]:
    """What each shard says, once all of it makes one gallery. Tasks, not actors: workers that are there do them."""
    told: Dict[int, Dict[str, Any]] = dict(enumerate(asked_of_all(ray, shards, where, _described)))
    check_together(shards, told)
    return told


def sampled(ray: Any, shards: Shards, where: Sequence[Sequence[str]], commits: Sequence[int]) -> bytes:
    """A sample of the whole gallery's fingers: the shards say whose names may be in it, then each gives its part."""
    hashes = ray.put(asked_of_all(ray, shards, where, _hashes, commits))
    return _native.join_samples(asked_of_all(ray, shards, where, _part, commits, [hashes] * len(shards)))


def asked_of_all(
    ray: Any, shards: Shards, where: Sequence[Sequence[str]], what: Callable[..., Any], *each: Sequence[Any]
) -> List[Any]:
    """What each shard answers where its files are, to a function of its path and what else ``each`` has for it."""
    ask = ray.remote(what)
    answers: List[Any] = []
    for number, args in enumerate(zip(shards.paths, *each)):
        nodes = where[number]
        strategy = on_node(nodes[0], soft=len(nodes) > 1) if nodes else "DEFAULT"
        answers.append(ask.options(num_cpus=0, max_retries=RETRIES, scheduling_strategy=strategy).remote(*args))
    told: List[Any] = []
    for number, answer in enumerate(answers):
        try:
            told.append(ray.get(answer))
        except ray.exceptions.RayTaskError as error:
            raise shard_error(number, shards.paths[number], cause_of(error))
        except gone(ray) as error:
            raise lost(shards, [number], "cannot be opened") from error
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


def _at(path: str, commit: int) -> "_native.Gallery":
    gallery = _native.Gallery.open(path, False, False)
    if gallery.info()["commit"] != commit:
        raise VantayError(f"commit {gallery.info()['commit']}, the run began with {commit}")
    return gallery


def _hashes(path: str, commit: int) -> bytes:
    return _native.sample_hashes(_at(path, commit))


def _part(path: str, commit: int, hashes: List[bytes]) -> bytes:
    return _native.finger_sample(_at(path, commit), hashes)
