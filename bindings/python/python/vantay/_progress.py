"""Progress on standard error."""

from __future__ import annotations

import sys
from typing import Any, Optional


class Bar:
    """A bar of tqdm or of rich, whichever is installed; a line that is written over if neither is."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._stage: Optional[str] = None
        self._kind = _installed()

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._begin(stage, total)
        self._stage = stage
        if self._kind == "tqdm":
            self._bar.update(done - self._bar.n)
        elif self._kind == "rich":
            self._bar.update(self._task, completed=done)
        else:
            print(f"\r{stage}: {done} of {total}", end="", file=sys.stderr, flush=True)

    def _begin(self, stage: str, total: int) -> None:
        if self._kind == "tqdm":
            from tqdm.auto import tqdm

            self._bar = tqdm(desc=stage, total=total)
        elif self._kind == "rich":
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True))
            self._bar.start()
            self._task = self._bar.add_task(stage, total=total)

    def close(self) -> None:
        """Ends the line or the bar."""
        if self._bar is not None:
            self._bar.stop() if self._kind == "rich" else self._bar.close()
        elif self._stage is not None:
            print(file=sys.stderr)
        self._bar = self._stage = None


def _installed() -> str:
    from importlib.util import find_spec

    return next((name for name in ("tqdm", "rich") if find_spec(name) is not None), "")
