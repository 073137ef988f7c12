"""Signs of life: every worker gives its launcher one, and ends when that is gone.

A worker that is stopped, or whose machine is, cannot say so, and the others only wait. The sign is
a line on the worker's error output, which every launcher hands on, also from other hosts. It tells
how often the worker has come to where it meets the others: one that lives but is late came fewer
times than they.
"""

import atexit
import os
import platform
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

from heitler.base.stage import launched_rank

PERIOD_VARIABLE = "HEITLER_HEARTBEAT_S"
"""Set for the workers by a launcher that listens."""
LONGEST_GOODBYE_S = 1.0
LINE = re.compile(
    r"^heitler: worker (?P<rank>\d+) on (?P<host>\S+) (?:lives, came (?P<times>\d+)|ends)$"
)
_times_come = 0


def come() -> None:
    """Count that this worker comes to a sum over workers or the like: before it waits for them."""
    global _times_come
    _times_come += 1


def start_heartbeat() -> None:
    """Give the sign from now on until this process ends, if its launcher wants it."""
    period, rank = os.environ.get(PERIOD_VARIABLE), launched_rank()
    if period is None or rank is None:
        return
    over = threading.Event()

    def beat() -> None:
        try:
            while True:
                _say(rank, f"lives, came {_times_come}")
                if over.wait(float(period)):
                    _say(rank, "ends")
                    return
        except OSError:  # nobody listens any more
            return

    def end() -> None:
        over.set()
        thread.join(LONGEST_GOODBYE_S)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    atexit.register(end)


def _say(rank: int, what: str) -> None:
    """One write: a line that the other threads' lines cannot part."""
    os.write(2, f"heitler: worker {rank} on {platform.node()} {what}\n".encode())


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
