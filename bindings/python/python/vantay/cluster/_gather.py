"""The pairs of all blocks as those of one gallery: in order, and in clusters."""

from __future__ import annotations

from typing import Dict, List

import numpy as np

from .. import _native
from .._results import DECISIONS, Array, Cluster, Deduplication, Member, structured


def gathered(found: List[Array]) -> Deduplication:
    """The pairs of all blocks, best first, and their clusters: as one gallery lists them."""
    names = [name for name in found[0].dtype.names or () if not name.startswith("finger_")]
    wanted = {name for block in found for name in block.dtype.names or ()}
    names += [f"finger_{position}" for position in range(11) if f"finger_{position}" in wanted]
    length = sum(map(len, found))
    columns: Dict[str, Array] = {}
    for name in names:
        absent = [np.full(len(block), np.nan) for block in found]
        has = [block[name] if name in (block.dtype.names or ()) else gap for block, gap in zip(found, absent)]
        column = np.concatenate(has)
        if column.dtype.kind == "U":
            # As wide as the longest text needs, as a single gallery has it.
            width = int(np.char.str_len(column).max(initial=1))
            column = column.astype(DECISIONS.dtype if name == "decision" else f"U{width}")
        columns[name] = column
    keys = ("kind", "b_registration", "b_personal_id", "a_registration", "a_personal_id")
    codes = [np.unique(columns[name], return_inverse=True)[1] for name in keys]
    order = np.lexsort((*codes, -columns["score"])) if length else np.empty(0, int)
    pairs = structured(columns, length)[order]
    return Deduplication(pairs, clustered(pairs))


def clustered(pairs: Array) -> List[Cluster]:
    """Clusters the accepted pairs, and tells each pair its cluster."""
    pairs["cluster"] = -1
    accepted = np.flatnonzero((pairs["decision"] == "match") & (pairs["kind"] != "same_finger_twice"))
    sides = [
        list(map(Member, pairs[f"{side}_personal_id"][accepted].tolist(), pairs[f"{side}_registration"][accepted].tolist()))
        for side in "ab"
    ]
    members = sorted({*sides[0], *sides[1]})
    numbers = {member: number for number, member in enumerate(members)}
    a, b = (np.array([numbers[member] for member in side], np.uint32) for side in sides)
    clusters: List[Cluster] = []
    home: Dict[int, int] = {}
    for of, medoid, unconfirmed, complete, review in _native.cluster_pairs(a, b, pairs["score"][accepted].copy()):
        home.update(dict.fromkeys(of, len(clusters)))
        doubted = [members[number] for number in unconfirmed]
        clusters.append(Cluster([members[number] for number in of], members[medoid], doubted, complete, review))
    pairs["cluster"][accepted] = [home[number] for number in a.tolist()]
    return clusters
