"""Waiting until processes have ended."""

import contextlib
import time
from collections.abc import Callable, Collection
from typing import Any

import psutil

LOOK_S = 0.02
LONGEST_STEP_S = 1.0
"""A longer pause between two looks is not counted: this program was stopped itself."""


def wait_until(condition: Callable[[], Any], within_s: float = 200.0) -> float:
    """Return when the condition holds, with how long it took in s; fail if not in time."""
    waited, last = 0.0, time.monotonic()
    while not condition():
        if waited > within_s:
            raise TimeoutError(f"{condition} did not come true in {within_s} s")
        time.sleep(LOOK_S)
        now = time.monotonic()
        waited += min(now - last, LONGEST_STEP_S)
        last = now
    return waited


def assert_they_end(pids: Collection[int], within_s: float) -> float:
    """Fail if any of these processes still runs then; how long it took in s."""
    with contextlib.suppress(TimeoutError):
        return wait_until(lambda: not any(map(runs, pids)), within_s)
    raise AssertionError(f"still running: {[pid for pid in pids if runs(pid)]}")


def runs(pid: int) -> bool:
    """Not for an ended process that its new parent, process 1, has not asked for: it may never."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
