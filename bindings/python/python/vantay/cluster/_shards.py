"""The shards of a gallery: where they are, what they hold, whether they belong together."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple, Union

from .. import _native
from .._gallery import Gallery, Path
from ._errors import mismatch

#: What stands beside a shard's directory: its set, its number, and how many there are.
LABEL = ".shard.json"


@dataclass(frozen=True)
class Shards:
    """The directories of a gallery's shards, in the order of their numbers."""

    #: One directory for each shard.
    paths: Tuple[str, ...]
    #: The Ray node that has each shard's files, by its ID; ``None`` to go and look.
    nodes: Optional[Tuple[str, ...]] = None

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        return f"<Shards: {len(self.paths)}, {os.path.commonpath(self.paths)!r}>"


#: Subjects, registrations, rows, and the fingers at each position.
Sizes = Tuple[int, ...]
ShardsLike = Union[Shards, Path, Sequence[Path]]


def create(
    where: Union[Path, Sequence[Path]],
    shards: Optional[int] = None,
    *,
    face_model: Optional[str] = None,
    face_dim: Optional[int] = None,
    id: str = "vn",
) -> Shards:
    """Creates the empty shards of a gallery.

    :param where: A directory to hold all of them (with ``shards``, how many), or one new directory for each.
    :param face_model: As :meth:`vantay.Gallery.create` takes it; so ``face_dim`` and ``id``.

    >>> import tempfile, vantay.cluster
    >>> shards = vantay.cluster.create(tempfile.mkdtemp(), 3, face_model="m", face_dim=64)
    >>> len(shards)
    3
    """
    if isinstance(where, (str, os.PathLike)):
        if shards is None:
            raise ValueError("shards: expected how many, for a directory that holds all of them")
        root = os.fspath(where)
        os.makedirs(root, mode=0o700, exist_ok=True)
        paths = [os.path.join(root, f"shard-{number:04}") for number in range(shards)]
    else:
        paths = [os.path.abspath(os.fspath(path)) for path in where]
    if not paths:
        raise ValueError("shards: expected at least one")
    name = secrets.token_hex(16)
    for number, path in enumerate(paths):
        Gallery.create(path, face_model=face_model, face_dim=face_dim, id=id).close()
        with open(path + LABEL, "x", opener=lambda file, flags: os.open(file, flags, 0o600)) as label:
            json.dump({"set": name, "shard": number, "of": len(paths)}, label)
    return Shards(tuple(paths))


def shard_of(personal_id: str, shards: int) -> int:
    """The number of the shard, of so many, that holds a subject: the same on every machine and for good.

    >>> import vantay.cluster
    >>> 0 <= vantay.cluster.shard_of("001204000257", 8) < 8
    True
    """
    return _native.shards_of([personal_id], shards)[0]


def shards_like(shards: ShardsLike) -> Shards:
    """What a caller gave as shards."""
    if isinstance(shards, Shards):
        return shards
    if isinstance(shards, (str, os.PathLike)):
        root = os.fspath(shards)
        names = sorted(name[: -len(LABEL)] for name in os.listdir(root) if name.endswith(LABEL))
        if not names:
            raise FileNotFoundError(f"{root}: no shards, whose labels end in {LABEL}")
        return Shards(tuple(os.path.join(root, name) for name in names))
    return Shards(tuple(os.path.abspath(os.fspath(path)) for path in shards))


def describe(path: str, gallery: Gallery) -> Dict[str, Any]:
    """What has to fit between shards, and the sizes that add up."""
    try:
        with open(path + LABEL) as file:
            label = json.load(file)
    except FileNotFoundError:
        label = None
    info = gallery.info()
    return {
        "label": label,
        "version": _native.VERSION,
        "kind": (info.id, info.face_model, info.face_dim),
        "commit": info.commit,
        "sizes": _native.size_of_shard(gallery._native),
    }


def check_together(shards: Shards, told: Dict[int, Dict[str, Any]]) -> None:
    """Raises unless what the shards say of themselves makes one gallery."""
    if not told:
        return
    first = told[min(told)]
    for number, of in told.items():
        if of["version"] != first["version"]:
            message = f"is served by vantay {of['version']}, others by {first['version']}"
            raise mismatch(number, shards.paths[number], message)
        if of["kind"] != first["kind"]:
            message = f"holds {of['kind']}, others {first['kind']}: IDs, face model, dimension"
            raise mismatch(number, shards.paths[number], message)
    for number, of in told.items():
        path, label = shards.paths[number], of["label"]
        if label is None:
            raise mismatch(number, path, f"has no label {path + LABEL}: it was not made by vantay.cluster.create")
        if label["set"] != first["label"]["set"]:
            raise mismatch(number, path, "is a shard of another gallery")
        if (label["shard"], label["of"]) != (number, len(shards)):
            given = f"given as {number} of {len(shards)}"
            raise mismatch(number, path, f"is shard {label['shard']} of {label['of']}, {given}")


def whole_of(told: Dict[int, Dict[str, Any]]) -> Sizes:
    """The whole gallery's sizes."""
    return tuple(sum(part) for part in zip(*(of["sizes"] for of in told.values())))
