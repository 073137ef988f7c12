"""Which process writes a run, and whether it is still there."""

import os
import platform

import psutil

SAME_START_S = 10.0
"""The system's clock may be set while a process runs, and its start time moves along."""


def this_process() -> str:
    """Machine, process number and start time, which no two processes share."""
    pid = os.getpid()
    return f"{platform.node()} {pid} {psutil.Process(pid).create_time():.0f}"


def has_ended(process: str) -> bool:
    """Whether a process, as named by `this_process`, is gone; False for other machines' ones."""
    match process.split(" "):
        case [node, pid, start] if node == platform.node():
            return not _is_running(int(pid), float(start))
    return False


def _is_running(pid: int, start: float) -> bool:
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - start) < SAME_START_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
