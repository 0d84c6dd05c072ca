"""What finished blocks found, kept on a disk of whoever runs the deduplication."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Optional

import numpy as np

from .._results import Array


class Kept:
    """The finished blocks of a run, each a file that appears whole or not at all."""

    def __init__(self, folder: str, question: str) -> None:
        self.folder = folder
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = os.path.join(folder, "run.json")
        try:
            with open(path) as file:
                stated = json.load(file)["question"]
        except FileNotFoundError:
            self._write(path, lambda file: file.write(json.dumps({"question": question}).encode()))
            return
        if stated != question:
            raise ValueError(f"checkpoint {folder}: of other shards, commits or options: remove it, or run without it")

    def _path(self, a: int, b: int) -> str:
        return os.path.join(self.folder, f"block-{a:05}-{b:05}.npy")

    def load(self, a: int, b: int) -> Optional[Array]:
        try:
            return np.load(self._path(a, b), allow_pickle=False)  # type: ignore[no-any-return]
        except (FileNotFoundError, ValueError, EOFError):
            return None

    def save(self, a: int, b: int, pairs: Array) -> None:
        self._write(self._path(a, b), lambda file: np.save(file, pairs, allow_pickle=False))

    @staticmethod
    def _write(path: str, write: Callable[[Any], Any]) -> None:
        part = path + ".part"
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
