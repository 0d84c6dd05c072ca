"""What goes wrong between machines."""

from __future__ import annotations

from typing import Optional, Tuple

from .._errors import VantayError


class ClusterError(VantayError):
    """Something went wrong between the shards of a gallery."""


class ShardError(ClusterError):
    """One shard could not do its part. Its own error is the ``__cause__``."""

    #: The number of the shard.
    shard: Optional[int] = None
    #: Its directory.
    path: Optional[str] = None


class ShardMismatchError(ShardError, ValueError):
    """Shards that do not belong together: of another set, model, way of IDs, version, or in the wrong order."""


class LostShardError(ClusterError, ConnectionError):
    """Shards do not answer, and without them there is no answer. ``lost`` says which."""

    #: Their numbers.
    lost: Tuple[int, ...] = ()


class PartialResultWarning(UserWarning):
    """A result lacks what lost shards would have said."""


def shard_error(shard: int, path: str, cause: BaseException) -> ShardError:
    """The error of a shard in the words of its cause."""
    error = ShardError(f"shard {shard} ({path}): {type(cause).__name__}: {cause}")
    error.shard, error.path = shard, path
    error.__cause__ = cause
    return error


def mismatch(shard: int, path: str, message: str) -> ShardMismatchError:
    """A shard that does not belong to the others."""
    error = ShardMismatchError(f"shard {shard} ({path}): {message}")
    error.shard, error.path = shard, path
    return error
