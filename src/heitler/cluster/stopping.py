"""Stopping a job in an orderly way: the launcher is asked, and all workers hear of it.

The first Ctrl-C or SIGTERM asks: the workers finish what they are at, save it and end. The second
one ends everything at once, and so does the first while no worker listens: there is nothing to save
while they start, or once the last checkpoint is written. The launcher tells its workers by a file,
whose name is in their environment: unlike signals this reaches workers on other hosts, whatever
started them. A worker may also get the signal itself, as Slurm sends it. It tells its launcher
whether it listens by a line on its error output, which every launcher hands on.
"""

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

FILE_VARIABLE = "HEITLER_STOP_FILE"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONE_REQUEST_S = 1.0
"""Signals within this time are one request: some launchers send each signal twice."""
LINE = re.compile(r"^heitler: this worker (?P<listens>listens|no longer listens)$")
_signalled_at: list[float] = []
"""When signals asked this worker to stop, since it last began to listen."""


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """In a worker: yield a function that says whether it was asked to stop.

    Whoever enters must ask it often, and end in an orderly way; the second request ends the
    process.
    """
    path = os.environ.get(FILE_VARIABLE)
    _signalled_at.clear()

    def asked() -> bool:
        return was_signalled() or (path is not None and os.path.exists(path))

    def note(number: int, frame: FrameType | None) -> None:
        if asked() and (not was_signalled() or time.monotonic() - _signalled_at[0] > ONE_REQUEST_S):
            os._exit(128 + number)
        _signalled_at.append(time.monotonic())

    with _handling(note), _listening():
        yield asked


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    """Tell the launcher, if it wants to know: one write, which other lines cannot part."""
    wanted = FILE_VARIABLE in os.environ
    if wanted:
        os.write(2, b"heitler: this worker listens\n")
    try:
        yield
    finally:
        if wanted:
            os.write(2, b"heitler: this worker no longer listens\n")


def was_signalled() -> bool:
    """Whether a signal, not the file, has asked this worker to stop."""
    return bool(_signalled_at)


class Listeners:
    """What the launcher knows of its workers: whether one listens."""

    def __init__(self) -> None:
        self.any = False

    def note(self, text: str) -> bool:
        """Take in a worker's line, without its label; whether it was for the launcher only."""
        if said := LINE.match(text.rstrip()):
            self.any = said["listens"] == "listens"
        return bool(said)


@contextlib.contextmanager
def pass_on_stop(
    path: Path | None, listeners: Listeners, stop_now: Callable[[], None]
) -> Iterator[None]:
    """In the launcher: the first signal makes the file `path`, the second calls `stop_now`.

    Without a path the signals do what they always do.
    """
    if path is None:
        yield
        return
    first: list[float] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if first and time.monotonic() - first[0] <= ONE_REQUEST_S:
            return
        if first or not listeners.any:
            stop_now()
            raise KeyboardInterrupt
        first.append(time.monotonic())
        path.touch()
        os.write(1, b"Stopping after this cycle; once more (Ctrl-C) stops at once.\n")

    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        with _handling(ask):
            yield
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
