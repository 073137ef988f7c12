"""One process at a time where two would overwrite each other's results.

The claim is a lock of the system, which is released however its process ends, SIGKILL included.
"""

import contextlib
import fcntl
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from heitler.base.causes import NO_LOCKS, system_cause
from heitler.base.errors import HeitlerError

PAUSE_S = 0.5


@contextlib.contextmanager
def claimed(place: Path, what: str, *, wait_s: float = 0.0, shared: bool = False) -> Iterator[None]:
    """Hold a place, such as `data/training`, while the block runs.

    Where the file system has no locks there is a warning, and nothing else holds a second one off.

    Args:
        place: a file or folder; the lock lies beside it, out of DVC's sight.
        what: who holds it, such as "training", for who comes second.
        wait_s: how long to wait for another one that is about to end.
        shared: others that share it may hold it too.

    Raises:
        HeitlerError: if another process holds it, naming it, or if nothing can be written there.
    """
    path = place.with_name(f".{place.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+")
    except OSError as error:
        raise HeitlerError(system_cause(error, path).sentence(path, "")) from None
    with opened as file:
        if _lock(file.fileno(), path, shared, time.monotonic() + wait_s):
            _sign(file.fileno())
        else:
            file.seek(0)
            raise HeitlerError(
                f"{place}: another {what} is at work here ({file.read().strip() or 'unknown'}), "
                "and each would overwrite the other's files. Wait until it ends, or stop it, or "
                "work in a copy: git clone . ../copy"
            )
        yield


def _lock(file: int, path: Path, shared: bool, until: float) -> bool:
    """Whether the lock is ours now, or there are none here."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(PAUSE_S)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            print(
                f"Warning: {path}: this file system has no file locks ({error.strerror}), so "
                "nothing notices a second start in this folder. See to it that there is one only.",
                flush=True,
            )
            return True


def _sign(file: int) -> None:
    """Say who holds it."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    os.ftruncate(file, 0)
    os.write(file, f"process {os.getpid()} on {platform.node()}, since {now}\n".encode())
