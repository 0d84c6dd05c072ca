"""A gallery on several machines: shards of one gallery, searched and deduplicated on Ray.

A national gallery is a set of shards, each a gallery directory of its own, on local disks or a shared file system. A subject
goes to the shard that the hash of its personal ID names. What the shards answer together is what one big gallery would
answer, to the bit, with rates of the whole. Needs Ray: ``pip install vantay[ray]``.

- :func:`create` makes the shards, :func:`enroll` splits a feed over them.
- :class:`Search` holds each shard open in an actor where its files are, and answers ``identify`` and ``verify``.
- :func:`deduplicate` runs all shard × shard blocks as tasks; :func:`deduplicate_blocks` streams what they find.

Whoever has not called ``ray.init`` gets a Ray of this machine alone, which listens on 127.0.0.1 only, without dashboard and
telemetry.
"""

from ._deduplicate import Block, deduplicate, deduplicate_blocks
from ._enroll import ClusterEnrolled, enroll
from ._errors import ClusterError, LostShardError, PartialResultWarning, ShardError, ShardMismatchError
from ._search import ClusterCandidates, Search
from ._shards import Shards, create, shard_of

__all__ = [
    "Block",
    "ClusterCandidates",
    "ClusterEnrolled",
    "ClusterError",
    "LostShardError",
    "PartialResultWarning",
    "Search",
    "ShardError",
    "ShardMismatchError",
    "Shards",
    "create",
    "deduplicate",
    "deduplicate_blocks",
    "enroll",
    "shard_of",
]
