"""Stopping a job in an orderly way: the launcher is asked, and all workers hear of it.

The first Ctrl-C or SIGTERM asks: the workers finish what they are at, save it and end. The second
one ends everything at once. The launcher tells its workers by a file, whose name is in their
environment: unlike signals this reaches workers on other hosts, whatever started them. A worker
may also get the signal itself, as Slurm sends it.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

FILE_VARIABLE = "HEITLER_STOP_FILE"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONE_REQUEST_S = 1.0
"""Signals within this time are one request: some launchers send each signal twice."""
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

    with _handling(note):
        yield asked


def was_signalled() -> bool:
    """Whether a signal, not the file, has asked this worker to stop."""
    return bool(_signalled_at)


@contextlib.contextmanager
def pass_on_stop(path: Path | None, stop_now: Callable[[], None]) -> Iterator[None]:
    """In the launcher: the first signal makes the file `path`, the second calls `stop_now`.

    Without a path the signals do what they always do.
    """
    if path is None:
        yield
        return
    first: list[float] = []

    def ask(number: int, frame: FrameType | None) -> None:
        if first and time.monotonic() - first[0] > ONE_REQUEST_S:
            stop_now()
            raise KeyboardInterrupt
        if not first:
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
