"""Waiting until processes have ended."""

import contextlib
import time
from collections.abc import Collection

import psutil


def assert_they_end(pids: Collection[int], within_s: float) -> None:
    """Fail if any of these processes still runs then."""
    deadline = time.monotonic() + within_s
    left = [pid for pid in pids if runs(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left = [pid for pid in left if runs(pid)]
    assert left == []


def runs(pid: int) -> bool:
    """Not for an ended process that its new parent, process 1, has not asked for: it may never."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
