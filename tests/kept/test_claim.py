"""A second start in one folder is refused, and one after a kill is not."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heitler.base.errors import HeitlerError
from heitler.kept.claim import claimed

HOLDER = """
import sys, time
from pathlib import Path
from heitler.kept.claim import claimed
with claimed(Path(sys.argv[1]), "training"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data/training"


def start_holder(place: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_start_is_refused_and_told_who_is_at_work(place: Path) -> None:
    holder = start_holder(place)
    try:
        said = rf"another training .*process {holder.pid} on"
        with pytest.raises(HeitlerError, match=said), claimed(place, "training"):
            pass
    finally:
        holder.kill()
        holder.wait()


def test_a_kill_releases_the_claim(place: Path) -> None:
    holder = start_holder(place)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with claimed(place, "training"):
        pass


def test_a_child_that_outlives_its_parent_does_not_hold_the_claim(place: Path) -> None:
    """As workers do, for some seconds, after their launcher was killed."""
    with claimed(place, "training"):
        child = subprocess.Popen(["sleep", "60"])
    try:
        with claimed(place, "training"):
            pass
    finally:
        child.kill()
        child.wait()


def test_those_who_share_hold_off_who_wants_it_alone(place: Path) -> None:
    both = claimed(place, "sweep", shared=True), claimed(place, "sweep", shared=True)
    refused = pytest.raises(HeitlerError, match="another sweep")
    with both[0], both[1], refused, claimed(place, "sweep"):
        pass


def test_without_file_locks_it_says_so_and_goes_on(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def refuse(file: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with claimed(place, "training"):
        pass
    said = capsys.readouterr().out
    assert "this file system has no file locks (No locks available)" in said
