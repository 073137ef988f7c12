"""Why MLflow's store cannot be used. All runs are in it: only proven damage is to be set aside."""

import errno
import fcntl
import os
import re
import sqlite3
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import mlflow.store.db_migrations
from filelock import Timeout

from heitler.base.causes import NO_LOCKS, Cause, system_cause

SQLITE = b"SQLite format 3\0"
MIGRATIONS = Path(mlflow.store.db_migrations.__file__).parent / "versions"
LOCKS = Path("/proc/locks")
LOOPBACK = re.compile(r"localhost$|127\.|\[?::1\]?$|0\.0\.0\.0$")
SET_ASIDE = "Set it aside, and the next run begins a new one: mv {path} {path}.broken"


def database_cause(path: Path, error: BaseException) -> Cause:
    """What ails an SQLite file as a store: from the file itself, then from the error's words."""
    words = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno:
        return system_cause(error, Path(str(error.filename or path)))
    try:
        begin = _begin(path)
    except FileNotFoundError:
        return Cause(f"cannot be made ({words[:200]})", f"See: ls -ld {path.parent}")
    except OSError as refused:
        return system_cause(refused, path)
    if begin and begin != SQLITE:
        what = "is no SQLite database: its content was overwritten"
        return Cause(what, SET_ASIDE.format(path=path), proven=True)
    if no_locks := _lock_errno(path):  # SQLite calls that locked, or an error of the disk
        return system_cause(OSError(no_locks, ""), path)
    if "locked" in words or isinstance(error, Timeout):
        return Cause(
            f"is locked by {_holder(path)}", "Wait for the program that writes it, or end it."
        )
    if refused_write := _not_writable(path):
        return system_cause(refused_write, path)
    return _cause_in_words(path, words)


def _cause_in_words(path: Path, words: str) -> Cause:
    """What SQLite or MLflow says, where the file itself shows nothing."""
    if "full" in words:
        return system_cause(OSError(errno.ENOSPC, ""), path)
    if "disk I/O error" in words:
        return system_cause(OSError(errno.EIO, ""), path)
    if "malformed" in words:
        what = f"is damaged ({words[:80]})"
        rescue = f"What can be read: sqlite3 {path} .recover > rescued.sql. "
        return Cause(what, rescue + SET_ASIDE.format(path=path), proven=True)
    if schema := _foreign_schema(path, words):
        return schema
    return Cause(
        f"does not work ({words[:200]})",
        f"Nothing says that it is damaged. Look: sqlite3 {path} 'pragma quick_check'",
    )


def _foreign_schema(path: Path, words: str) -> Cause | None:
    """Tables of another version of MLflow; None if they are as due."""
    known = {file.name.partition("_")[0] for file in MIGRATIONS.glob("*.py")}
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            found = [row[0] for row in database.execute("select version_num from alembic_version")]
    except sqlite3.Error:
        return None
    if found and found[0] not in known:
        return Cause(
            f"was written by a newer MLflow than this environment's {mlflow.__version__}",
            "Its runs are all there. Use the environment that wrote it, or: git pull; make env",
        )
    if "out-of-date" not in words:
        return None
    return Cause(
        f"was written by an older MLflow than this environment's {mlflow.__version__}",
        f"Keep a copy and bring it up to date: cp {path} {path}.before && "
        f"mlflow db upgrade sqlite:///{path}",
    )


SERVER = (
    ("refused", "nothing listens there", "Start the server, or correct MLFLOW_TRACKING_URI."),
    ("resolve", "its name is not known", "Correct MLFLOW_TRACKING_URI, or see DNS."),
    ("not known", "its name is not known", "Correct MLFLOW_TRACKING_URI, or see DNS."),
    ("code 401", "it wants a password", "Set MLFLOW_TRACKING_USERNAME and _PASSWORD."),
    ("code 403", "it refuses you", "Ask who runs it, or see MLFLOW_TRACKING_USERNAME."),
    ("CERTIFICATE", "its certificate is not trusted", "Set MLFLOW_TRACKING_SERVER_CERT_PATH."),
    ("timed out", "it does not answer in time", "See whether it is there: curl -m 10 {uri}"),
)
"""What an error of a server has in its words, what that means, and what to do."""


def server_cause(uri: str, error: BaseException) -> Cause:
    """What ails a store that is a server."""
    words = " ".join(str(error).split())
    if proxy := proxy_in_force(uri):
        return Cause(
            f"is asked for through the proxy {proxy} ({words[-120:]})",
            f"If it needs none: export no_proxy={urllib.parse.urlparse(uri).hostname}",
        )
    for sign, what, remedy in SERVER:
        if sign in words:
            return Cause(what, remedy.format(uri=uri))
    what = f"does not answer as MLflow does ({words[:160]})"
    return Cause(what, f"Look: curl -m 10 {uri}/version")


def proxy_in_force(uri: str) -> str:
    """The proxy through which requests to an address go; nothing without one."""
    address = urllib.parse.urlparse(uri)
    if not address.hostname or urllib.request.proxy_bypass(address.hostname):
        return ""
    return urllib.request.getproxies().get(address.scheme, "")


def bypass_proxy_on_this_machine(uri: str) -> None:
    """No proxy knows a server on this machine: ask it directly, whatever http_proxy says."""
    host = urllib.parse.urlparse(uri).hostname or ""
    if not LOOPBACK.match(host):
        return
    for name in ("no_proxy", "NO_PROXY"):
        others = [entry for entry in os.environ.get(name, "").split(",") if entry]
        if host not in others:
            os.environ[name] = ",".join([*others, host])


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SQLITE))


def _not_writable(path: Path) -> OSError | None:
    """What writing gives: SQLite writes the file, and its journal beside it."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return OSError(errno.EROFS, "")
    places = (path, path.parent)
    return None if all(os.access(p, os.W_OK) for p in places) else OSError(errno.EACCES, "")


def _lock_errno(path: Path) -> int:
    """The errno of a lock, where the file system has none."""
    with path.open("rb") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno if error.errno in NO_LOCKS else 0
    return 0


def _holder(path: Path) -> str:
    """Which process has a lock on the file, as far as Linux tells."""
    for pid in _holders(path):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        return f"process {pid} ({' '.join(map(os.fsdecode, words))[:80].strip()})"
    return "another program"


def _holders(path: Path) -> Iterator[str]:
    if not LOCKS.exists() or not path.exists():
        return
    inode = str(path.stat().st_ino)
    for line in LOCKS.read_text().splitlines():
        fields = line.split()  # 1: POSIX ADVISORY WRITE 1234 08:01:131090 0 EOF
        if "->" not in fields and fields[5].rpartition(":")[2] == inode:
            yield fields[4]
