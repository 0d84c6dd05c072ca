"""Ray, as this package uses it."""

from __future__ import annotations

import os
from typing import Any, List, Sequence, Tuple, Type

from ._shards import Shards


def before_ray() -> None:
    """What Ray reads from the environment when it is first imported: nothing of a gallery's machines is told to anybody."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Without it Ray listens on the machine's address even where it was told the loopback one.
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")


def ray() -> Any:
    """The module, with a Ray of this machine if the caller has not started or joined one."""
    before_ray()
    try:
        import ray as module
    except ImportError as error:
        raise ImportError("vantay.cluster needs Ray: pip install vantay[ray]") from error
    if not module.is_initialized():
        module.init(include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False, logging_level="warning")
    return module


def gone(module: Any) -> Tuple[Type[BaseException], ...]:
    """The errors that say that a process or its machine is gone."""
    errors = module.exceptions
    return (
        errors.RayActorError,
        errors.WorkerCrashedError,
        errors.ObjectLostError,
        errors.NodeDiedError,
        errors.OutOfMemoryError,
        errors.GetTimeoutError,
        errors.ActorUnschedulableError,
        errors.TaskUnschedulableError,
        errors.LocalRayletDiedError,
        errors.RaySystemError,
    )


def places(module: Any, shards: Shards) -> List[List[str]]:
    """The nodes, by ID, that have each shard's files."""
    if shards.nodes is not None:
        return [[node] for node in shards.nodes]
    nodes = [node["NodeID"] for node in module.nodes() if node["Alive"]]
    look = module.remote(_which_exist)
    options = {"num_cpus": 0, "max_retries": 1}
    asked = {node: look.options(scheduling_strategy=on_node(node), **options).remote(list(shards.paths)) for node in nodes}
    found: List[List[str]] = [[] for _ in shards.paths]
    for node, answer in asked.items():
        try:
            for number, exists in enumerate(module.get(answer, timeout=60)):
                if exists:
                    found[number].append(node)
        except gone(module):
            continue
    return found


def on_node(node: str, soft: bool = False) -> Any:
    """Ray's way to say: on this node; if soft, elsewhere when it is gone."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=soft)


def cause_of(error: Any) -> BaseException:
    """What the worker raised."""
    cause = getattr(error, "cause", None)
    told: BaseException = cause if isinstance(cause, BaseException) else error
    return told


def _which_exist(paths: Sequence[str]) -> List[bool]:
    return [os.path.isdir(path) for path in paths]
