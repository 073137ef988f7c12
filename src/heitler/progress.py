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
    def __init__(self, label: str, total: int, done: int) -> None:
        self.label, self.total, self.done = label, total, done
        self.first = done
        self.started = self.printed = time.monotonic()

    def __call__(self, steps: int = 1, note: str = "") -> None:
        self.done += steps
        now = time.monotonic()
        if self.done < self.total and now - self.printed < SECONDS_BETWEEN_LINES:
            return
        self.printed = now
        filled = BAR_CELLS * self.done // max(self.total, 1)
        bar = "#" * filled + "-" * (BAR_CELLS - filled)
        remaining = (now - self.started) / (self.done - self.first) * (self.total - self.done)
        eta = f"{int(remaining) // 60}:{int(remaining) % 60:02d}"
        print(
            f"{self.label} [{bar}] {self.done}/{self.total} ETA {eta} {note}".rstrip(), flush=True
        )
