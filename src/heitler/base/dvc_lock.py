"""DVC's list of who reads and writes which files, freed of those who are gone.

A DVC that was killed (SIGKILL, power) leaves its entries there, or a list that is cut off. DVC
drops an entry whose process does not exist, but believes it where another process has the number
now: in containers the numbers begin anew, and every `make repro` has the same. A process that is
younger than the list cannot be one of those that wrote it. A bare `dvc repro` writes it anew until
it comes to the files that are held; but what runs no DVC did not write either.

The lock of the whole project, `.dvc/tmp/lock`, is one of the system, which ends with its process.

    python -m heitler.base.dvc_lock    # what `make repro` and the commands of heitler do first
"""

import fcntl
import json
import os
import re
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

LOCK = Path(".dvc/tmp/rwlock")
SLACK_S = 1.0
"""Clocks have ticks; a process is certainly younger if it is so by more."""

BY_DVC = re.compile(r"(^|/)dvc(/__main__\.py)?( |$)")
"""In the words of a command; another program may use DVC without being called so."""


class Entry(NamedTuple):
    """Who reads or writes what."""

    kind: str
    """"write" or "read", of which there may be several."""
    place: str
    pid: int
    command: str


def free_lock(path: Path = LOCK) -> None:
    """Take those who are gone out of the list and say who; a list that DVC changes now is left."""
    if not path.exists():
        return
    try:
        with path.with_name("rwlock.lock").open("r+") as guard:  # DVC holds it while it writes
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _free(path)
    except FileNotFoundError:
        _free(path)
    except OSError:
        return  # one is at work on it, or nothing can be changed here: DVC says more


def _free(path: Path) -> None:
    gone, held = examine_lock(path)
    if not gone:
        return
    print("\n".join(f"Removed from {path}: {what}" for what in gone), flush=True)
    if held:
        new = path.with_name("rwlock.new")
        new.write_text(json.dumps(_as_dvc_has_it(held)))
        new.replace(path)
    else:
        path.unlink()


def examine_lock(path: Path = LOCK) -> tuple[list[str], list[Entry]]:
    """What those who are gone have left in the list, in words, and what the others hold."""
    if not path.exists():
        return [], []
    try:
        entries = _entries(json.loads(path.read_text()))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return ["a list that is cut off: a DVC was killed while it wrote it"], []
    except (AttributeError, KeyError, TypeError, ValueError):
        return [], []  # no list of DVC's, which says so
    age_s = _age_s(path)
    gone = [entry for entry in entries if _is_gone(entry, age_s)]
    places: dict[str, list[str]] = {}
    for entry in gone:
        told = f"process {entry.pid} ({entry.command}), which is gone"
        places.setdefault(told, []).append(entry.place)
    told_of = [f"{_in_words(some)}, held by {who}" for who, some in places.items()]
    return told_of, [entry for entry in entries if entry not in gone]


def _entries(found: dict[str, Any]) -> list[Entry]:
    """Of `{"write": {place: {"pid": ..., "cmd": ...}}, "read": {place: [the same, ...]}}`."""
    return [
        Entry(kind, place, int(about["pid"]), about["cmd"])
        for kind in ("write", "read")
        for place, some in found.get(kind, {}).items()
        for about in ([some] if kind == "write" else some)
    ]


def _as_dvc_has_it(entries: list[Entry]) -> dict[str, Any]:
    found: dict[str, Any] = {"write": {}, "read": {}}
    for kind, place, pid, command in entries:
        about = {"pid": pid, "cmd": command}
        if kind == "write":
            found[kind][place] = about
        else:
            found[kind].setdefault(place, []).append(about)
    return found


def _in_words(places: list[str]) -> str:
    more = f" and {len(places) - 2} more" if len(places) > 2 else ""
    return ", ".join(map(os.path.relpath, places[:2])) + more


def _age_s(path: Path) -> float:
    """Of a file, by the clock of its file system, which may be another machine's."""
    with tempfile.TemporaryFile(dir=path.parent) as now:
        return os.fstat(now.fileno()).st_mtime - path.stat().st_mtime


def _is_gone(entry: Entry, age_s: float) -> bool:
    """Whether no process has its number, or one that ended, is younger or runs another program."""
    if not psutil.pid_exists(entry.pid):
        return True
    process = Path(f"/proc/{entry.pid}")
    try:
        # What follows the name, which may have brackets in it: man 5 proc_pid_stat, from field 3.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False  # another user's, which is not shown
    begun_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    running_s = time.clock_gettime(time.CLOCK_BOOTTIME) - begun_s
    other = BY_DVC.search(entry.command) and not any(BY_DVC.search(os.fsdecode(w)) for w in words)
    return fields[0] in "ZX" or running_s < age_s - SLACK_S or bool(other)


if __name__ == "__main__":
    free_lock()
