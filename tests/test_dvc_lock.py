"""What a killed DVC leaves in its lock, beside another process that has its number now."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heitler.base.dvc_lock import LOCK, free_lock
from heitler.cli.before import become

HOUR_S = 3600
DVC_YAML = "stages:\n  shoot:\n    cmd: echo shower > showers\n    outs: [showers]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    dvc("init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    return tmp_path


@pytest.fixture
def live() -> Iterator[int]:
    """The number of a process that began just now."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[int]:
    """The number of a process that looks like a DVC at work."""
    program = tmp_path / "bin/dvc"
    program.parent.mkdir()
    program.write_text("import time\ntime.sleep(600)\n")
    with subprocess.Popen([sys.executable, program, "repro"]) as process:
        time.sleep(0.1)
        yield process.pid
        process.kill()


def dvc(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dvc", *words]
    return subprocess.run(command, capture_output=True, text=True)


def plant(pid: int, *, age_s: float, command: str = "dvc repro", **others: Any) -> None:
    """A lock as DVC leaves it when it is killed in a stage."""
    entry = {"pid": pid, "cmd": command}
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    written, read = (str(Path(name).absolute()) for name in ("showers", "cards"))
    LOCK.write_text(json.dumps({"write": {written: entry, **others}, "read": {read: [entry]}}))
    then = time.time() - age_s
    os.utime(LOCK, (then, then))


def test_a_younger_process_with_the_number_of_a_killed_dvc_holds_nothing_up(
    project: Path, live: int, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(live, age_s=HOUR_S)
    LOCK.with_name("lock").write_text(f" {live}\n")
    assert f"blocked by:\n  (PID {live}): dvc repro" in dvc("repro").stderr
    free_lock()
    assert (
        f"showers, cards, held by process {live} (dvc repro), which is gone"
        in capsys.readouterr().out
    )
    done = dvc("repro")
    assert done.returncode == 0, done.stderr
    assert (project / "showers").read_text() == "shower\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without DVC, which takes seconds."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_dvc_that_was_there_before_the_lock_keeps_what_it_holds(
    folder: Path, at_work: int
) -> None:
    for command in ("dvc repro", "/x y/.venv/lib/python3.11/site-packages/dvc/__main__.py repro"):
        plant(at_work, age_s=0, command=command)
        before = LOCK.read_text()
        free_lock()
        assert LOCK.read_text() == before


@pytest.mark.parametrize(("command", "stays"), [("/x/bin/dvc exp run", False), ("a.py", True)])
def test_an_older_process_that_runs_no_dvc_has_nothing_of_one(
    folder: Path, live: int, command: str, stays: bool
) -> None:
    """A bare `dvc repro` has written the list anew; others may use DVC in a program of theirs."""
    time.sleep(0.1)
    plant(live, age_s=0, command=command)
    free_lock()
    assert LOCK.exists() == stays


def test_those_at_work_keep_what_they_hold_beside_one_that_is_gone(
    folder: Path, at_work: int
) -> None:
    held = {"pid": at_work, "cmd": "dvc repro judge"}
    plant(ended(), age_s=0, trees=held)
    free_lock()
    assert json.loads(LOCK.read_text())["write"] == {"trees": held}


def ended() -> int:
    with subprocess.Popen(["true"]) as process:
        return process.pid


def test_a_killed_process_whose_parent_has_not_asked_for_it_is_gone(folder: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        time.sleep(0.5)
        plant(process.pid, age_s=0)
        free_lock()
        assert not LOCK.exists()


@pytest.mark.parametrize("text", ["", '{"write": {"showers": {"pi'])
def test_a_lock_that_is_cut_off_is_removed(folder: Path, text: str) -> None:
    plant(1, age_s=0)
    LOCK.write_text(text)
    free_lock()
    assert not LOCK.exists()


def test_a_lock_of_another_shape_is_left_to_dvc(folder: Path) -> None:
    LOCK.parent.mkdir(parents=True)
    for text in (
        "[]",
        '{"write": {"cards": {"pid": "one", "cmd": "dvc"}}}',
        '{"write": []}',
        '{"read": {"cards": [{"cmd": "dvc"}]}}',
        '"lock"',
    ):
        LOCK.write_text(text)
        free_lock()
        assert LOCK.read_text() == text


def test_a_lock_that_dvc_is_just_changing_is_left(folder: Path) -> None:
    plant(ended(), age_s=0)
    with LOCK.with_name("rwlock.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        free_lock()
        assert LOCK.exists()
    free_lock()
    assert not LOCK.exists()


def test_commands_free_it_before_they_become_dvc(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(ended(), age_s=0)
    seen = []
    monkeypatch.setattr(os, "execve", lambda *_: seen.append(LOCK.exists()))
    become(["dvc", "repro"], dry_run=True)
    assert LOCK.exists()
    become(["dvc", "repro"], dry_run=False)
    assert seen == [False]


def test_make_repro_frees_it_before_it_starts_dvc() -> None:
    made = subprocess.run(
        ["make", "--dry-run", "repro"], capture_output=True, text=True, check=True
    )
    assert re.search(r"python -m heitler\.base\.dvc_lock.*^dvc repro", made.stdout, re.S | re.M)
