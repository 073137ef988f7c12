"""Whether files of a folder can be locked: DVC, sweeps and MLflow's SQLite need it.

Some network file systems have no locks, or are mounted without. DVC then says that another DVC is
running, and SQLite that the database is locked: both are wrong.
"""

import errno
import fcntl
import os
import tempfile
from pathlib import Path

from heitler.base.errors import HeitlerError


class LocksError(HeitlerError):
    """Files of this folder cannot be locked."""


def missing_locks(folder: Path = Path()) -> str:
    """What the system answers to a lock in a folder; nothing where it gives one."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT):
            return ""  # no file either: whoever writes here says more
        return os.strerror(error.errno or 0)
    return ""


def require_locks(folder: Path = Path()) -> None:
    """Raise LocksError where files of a folder cannot be locked."""
    if reason := missing_locks(folder):
        raise LocksError(f"{lacking(folder, reason)}. {REMEDY}")


def lacking(folder: Path, reason: str) -> str:
    """In words."""
    return f"{folder.resolve()}: its file system has no locks ({reason}), which DVC and SQLite need"


REMEDY = (
    "Put the project on another disk, or have this one mounted with locks (findmnt -T .). Until "
    "then: dvc config --local core.hardlink_lock true, and MLFLOW_TRACKING_URI of a server."
)
