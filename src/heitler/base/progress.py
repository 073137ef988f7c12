"""One progress bar with ETA for every long task.

In a terminal it redraws in place; in a log file, a pipe or under `horovodrun` it prints a line
every few seconds.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0
SECONDS_TO_TRUST, SHARE_TO_TRUST = 60.0, 0.02
"""A remaining time is told from then on: the first steps may be no measure of the others."""
BAR_CELLS = 20


class Advance(Protocol):
    """Tell the bar that more is done; `note` is shown beside it."""

    def __call__(self, steps: int = 1, note: str = "") -> None: ...


@contextlib.contextmanager
def progress_bar(label: str, total: int, *, done: int = 0, show: bool = True) -> Iterator[Advance]:
    """Yield a function that advances the bar; `done` steps were finished before (resume)."""
    if not show:
        yield lambda steps=1, note="": None
    elif sys.stdout.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns) as bar:
            task = bar.add_task(label, total=total, completed=done, note="")
            yield lambda steps=1, note="": bar.update(task, advance=steps, note=note)
    else:
        yield _LineBar(label, total, done)


class _LineBar:
    """The rate is counted from the end of the first step on: that one may compile or start up."""

    def __init__(self, label: str, total: int, done: int) -> None:
        self.label, self.total, self.done = label, total, done
        self.printed = time.monotonic()
        self.first_done = done
        self.first_at: float | None = None

    def __call__(self, steps: int = 1, note: str = "") -> None:
        self.done += steps
        now = time.monotonic()
        eta = self._eta(now)
        if self.done < self.total and now - self.printed < SECONDS_BETWEEN_LINES:
            return
        self.printed = now
        filled = BAR_CELLS * self.done // max(self.total, 1)
        bar = "#" * filled + "-" * (BAR_CELLS - filled)
        print(
            f"{self.label} [{bar}] {self.done}/{self.total} ETA {eta} {note}".rstrip(), flush=True
        )

    def _eta(self, now: float) -> str:
        """Minutes and seconds to go; unknown until a minute or some hundredths tell the rate."""
        if self.first_at is None:
            self.first_at, self.first_done = now, self.done
        left, since = self.total - self.done, self.done - self.first_done
        early = now - self.first_at < SECONDS_TO_TRUST and since < SHARE_TO_TRUST * self.total
        if left and (early or not since):
            return "-:--"
        remaining = int((now - self.first_at) / max(since, 1) * left)
        return f"{remaining // 60}:{remaining % 60:02d}"
