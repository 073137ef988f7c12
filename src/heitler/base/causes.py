"""What the system says of a file, in words: the cause that it names, and where to look.

An errno speaks of the moment (no right, no room, no lock, a file server that is away), never of
what the file holds. So no remedy here deletes, moves or overwrites anything.
"""

import errno
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from heitler.base.errors import HeitlerError

ENOTSUPP = 524
"""Linux's own; some network file systems say it, and `errno` does not know it."""
AGAIN = "Then give the same command again: nothing is lost."
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, ENOTSUPP})
"""A file system, or how it is mounted, that has no locks."""


@dataclass(frozen=True)
class Cause:
    """Why a file cannot be used."""

    what: str
    """To follow the file's name and a colon."""
    remedy: str
    proven: bool = False
    """Whether the file is known to be missing or bad, so that making it again loses nothing."""

    def sentence(self, place: object, again: str) -> str:
        """With the file's name, or a place in it; `again` is for what is missing or bad."""
        return f"{place}: {self.what}. {again if self.proven else self.remedy}"


_BUSY = "The file itself may be good. "
_SERVER = _BUSY + "See whether its disk or file server is there (df {folder}), then try again."
_RIGHTS = "See who may: ls -l {path}; ls -ld {folder}"
_KNOWN: dict[int, tuple[str, str]] = {
    errno.EACCES: ("you may not use it", _RIGHTS),
    errno.EPERM: ("you may not use it", _RIGHTS),
    errno.EROFS: ("it is on a file system that is mounted read-only", "See: findmnt -T {folder}"),
    errno.ENOSPC: ("its disk is full", "Free some room: df {folder}"),
    errno.EDQUOT: ("your quota on its disk is used up", "Free some room: quota -s"),
    errno.EFBIG: ("it would be larger than files may be", "See: ulimit -f"),
    errno.EAGAIN: ("another program is writing it", "Wait until it is done. Who: fuser -v {path}"),
    errno.EMFILE: (
        "this program has too many files open",
        _BUSY + "Allow more: ulimit -n 4096",
    ),
    errno.ENFILE: ("the machine has too many files open", _BUSY + "End other programs."),
    errno.ENOMEM: ("the machine's memory is not enough", _BUSY + "End other programs: free -h"),
    errno.EIO: ("its disk or file server gave an error", _SERVER + " The system's words: dmesg"),
    errno.ESTALE: ("its file server has lost it", _SERVER),
    errno.ETIMEDOUT: ("its file server does not answer", _SERVER),
    errno.EISDIR: ("is a folder, not a file", "Name a file in it: ls {path}"),
    errno.ELOOP: ("its links lead in a circle", "See: ls -l {path}"),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "See: ls -ld {folder}"),
}


def system_cause(error: OSError, path: Path) -> Cause:
    """What the errno says; the system's own words where it has none or one that is not known."""
    if error.errno == errno.ENOENT:
        return Cause("no such file", "", proven=True)
    folder = next(f for f in path.absolute().parents if os.path.exists(f))
    places = {"path": path, "folder": folder}
    if error.errno in NO_LOCKS:
        return Cause(
            "its file system has no locks, which are needed to write it together with others",
            _BUSY
            + f"Work on another disk, or have this one mounted with locks: findmnt -T {folder}",
        )
    reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())[:200]
    unknown = (f"cannot be used ({reason})", _SERVER)
    what, remedy = _KNOWN.get(error.errno or 0, unknown)
    return Cause(what, remedy.format(**places))


ARRAY_ERRORS = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
"""What NumPy raises on reading a file of arrays that is torn, or that it may not read."""


def refuse_unless_torn(error: BaseException, path: Path) -> None:
    """Return where what is in a file cannot be read, so that it may be written anew.

    Raises:
        HeitlerError: where the system refuses to read it, and it may be good.
    """
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise HeitlerError(f"{system_cause(error, path).sentence(path, '')}\n{AGAIN}") from None
