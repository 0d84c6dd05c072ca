"""The candidates of all shards as those of one gallery."""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np

from .._results import Array, texts

#: What of a shard's answer is not a value of each candidate.
_OTHERS = ("personal_id", "registration", "ranks", "counts", "decisions")


def merged(shards: List[Dict[str, Any]], top: int) -> Dict[str, Any]:
    """The candidates of all shards, the best of all first: by rank, then personal ID, then registration."""
    probes = len(shards[0]["counts"])
    names = {}
    for name in ("personal_id", "registration"):
        names[name] = _side_by_side([texts(shard[name]) for shard in shards], probes, top)
    ranks = _side_by_side([shard["ranks"] for shard in shards], probes, top)
    # Names as numbers in their order: what lexsort takes.
    numbers = {name: np.unique(column, return_inverse=True)[1].reshape(column.shape) for name, column in names.items()}
    keys = (numbers["registration"], numbers["personal_id"], -ranks[..., 1], -ranks[..., 0])
    order = np.lexsort(keys, axis=-1)[:, :top]

    def best(column: Array) -> Array:
        index = order.reshape(order.shape + (1,) * (column.ndim - 2))
        chosen = np.take_along_axis(column, index, axis=1)
        return np.ascontiguousarray(chosen).reshape((probes * top,) + column.shape[2:])

    out: Dict[str, Any] = {
        name: best(_side_by_side([shard[name] for shard in shards], probes, top))
        for name in shards[0]
        if name not in _OTHERS
    }
    for name, column in names.items():
        chosen = best(column)
        out[name] = (chosen.view(np.uint32), chosen.dtype.itemsize // 4)
    out["counts"] = np.minimum(sum(shard["counts"] for shard in shards), top)
    out["decisions"] = out["decision"].reshape((probes, top)).max(axis=1, initial=0)
    return out


def _side_by_side(columns: List[Array], probes: int, top: int) -> Any:
    shaped = [column.reshape((probes, top) + column.shape[1:]) for column in columns]
    return np.concatenate(shaped, axis=1)
