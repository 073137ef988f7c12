"""A worker ends when its launcher is gone, also on another host."""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

GRACE_S = 15.0
"""From being asked to end to being ended."""


def end_with_launcher() -> None:
    """End this process soon after nobody reads its output any more.

    Local processes are ended by their launcher. Over ssh the other side only notices that its
    connection is closed: this process would go on, unwatched.
    """
    watch_reader(sys.__stdout__.fileno() if sys.__stdout__ else 1, _end)


def watch_reader(descriptor: int, ended: Callable[[], None]) -> None:
    """Call `ended` from a thread when the reader of a pipe or socket closes it; files have none."""
    poll = select.poll()
    poll.register(descriptor, 0)  # asks for nothing but POLLERR and POLLHUP, which always come

    def wait() -> None:
        if poll.poll():
            ended()

    threading.Thread(target=wait, name="launcher-watch", daemon=True).start()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)  # lets `finally` blocks close files and runs
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
