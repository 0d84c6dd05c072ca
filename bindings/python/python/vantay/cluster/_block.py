"""One block of a deduplication, in a worker."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any, Dict, List, Optional, Tuple

from .. import _native
from .._errors import VantayError
from .._results import deduplication_of
from ._ray import on_node

#: Bytes of a file that are copied at a time.
PIECE = 16 << 20


def block(
    a: Tuple[str, int],
    b: Tuple[str, int],
    source: Optional[str],
    looking: Dict[str, Any],
    sample: Optional[bytes],
    asked: Dict[str, Any],
    face_candidates: Optional[float],
    threads: int,
) -> Tuple[Optional[int], Any]:
    """The pairs within a shard or between two, as (None, pairs); or which of the two is at fault, and its error.

    ``source`` is the node that has ``b``, if this one has not. ``sample`` is that of the whole gallery, if fingers are screened.
    """
    copy: Optional[str] = None
    try:
        if source is not None:
            copy = _copied(b[0], source)
        opened = []
        for side, (path, commit) in enumerate((a, b)):
            if side == 1 and a[0] == b[0]:
                break
            try:
                where = copy if side == 1 and copy is not None else path
                gallery = _native.Gallery.open(where, False, False)
                if gallery.info()["commit"] != commit:
                    raise VantayError(f"commit {gallery.info()['commit']}, the run began with {commit}")
            except VantayError as error:
                return side, error
            opened.append(gallery)
        other = opened[1] if len(opened) == 2 else None
        try:
            native = opened[0].deduplicate(other, {**looking, "sample": sample}, asked, face_candidates, None, None, threads)
        except VantayError as error:
            damaged: Optional[str] = getattr(error, "path", None)
            return int(other is not None and damaged is not None and damaged.startswith(copy or b[0])), error
        return None, deduplication_of(native).pairs
    finally:
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)


def _copied(path: str, node: str) -> str:
    """A copy of a shard of another node, which only this user can enter."""
    import ray

    there = {"num_cpus": 0, "scheduling_strategy": on_node(node)}
    read = ray.remote(_read).options(**there)
    folder = tempfile.mkdtemp(prefix="vantay-shard-")
    try:
        for name, size in ray.get(ray.remote(_files).options(**there).remote(path)):
            with open(os.path.join(folder, name), "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
                for offset in range(0, size, PIECE):
                    file.write(ray.get(read.remote(os.path.join(path, name), offset, min(PIECE, size - offset))))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _files(path: str) -> List[Tuple[str, int]]:
    return [(entry.name, entry.stat().st_size) for entry in os.scandir(path) if entry.is_file()]


def _read(path: str, offset: int, length: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)
