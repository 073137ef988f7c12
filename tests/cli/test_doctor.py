"""`heitler doctor` where something is really broken."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from heitler.doctor.machine import check_cores, check_memory, check_network
from heitler.doctor.project import (
    check_dvc,
    check_packages,
    check_parameters,
    check_store,
    check_tables,
)

HEITLER = Path(sys.executable).with_name("heitler")
PROJECT = Path(__file__).parents[2]
FILES = ("params.yaml", "dvc.yaml", "pyproject.toml", "uv.lock")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as it is after cloning."""
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / ".dvc").mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("G4LEDATA", raising=False)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def doctor(folder: Path, **variables: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [HEITLER, "doctor", "--json"],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)}


def test_a_lock_that_a_killed_dvc_left_is_named(folder: Path) -> None:
    """Whose number is by now that of another process, this one, or that is cut off."""
    lock = folder / ".dvc/tmp/rwlock"
    lock.parent.mkdir()
    entry = {"pid": os.getpid(), "cmd": "dvc repro"}
    for text in (json.dumps({"write": {"data/showers": entry}}), ""):
        lock.write_text(text)
        os.utime(lock, (0, 0))
        [finding] = check_dvc()
        assert finding.state == "broken"
        assert not text or f"data/showers, held by process {os.getpid()} (dvc" in finding.found
        remedy = finding.remedy.replace("python", sys.executable)
        subprocess.run(remedy, shell=True, check=True, cwd=folder)
        [finding] = check_dvc()
        assert finding.state == "ok"


def test_a_sound_environment_has_nothing_broken(folder: Path) -> None:
    code, found = doctor(folder)
    assert [f for f in found.values() if f["state"] == "broken"] == []
    assert code == 0
    assert "Gloo" in found["Horovod"]["found"]
    assert found["oneDNN"]["found"] == "on"
    assert "geant4-11" in found["Geant4"]["found"]


def test_oneDNN_off_and_a_horovod_that_does_not_load_are_named(folder: Path) -> None:
    fake = folder / "fake/horovod"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('libmpi.so.12: cannot open')")
    code, found = doctor(folder, PYTHONPATH=str(fake.parent), TF_ENABLE_ONEDNN_OPTS="0")
    assert code == 1
    assert found["oneDNN"]["remedy"] == "unset TF_ENABLE_ONEDNN_OPTS"
    assert "libmpi.so.12: cannot open" in found["Horovod"]["found"]
    assert "make env" in found["Horovod"]["remedy"]
    assert found["TensorFlow"]["state"] == "ok"


def test_libraries_that_crash_do_not_end_the_doctor(folder: Path) -> None:
    fake = folder / "fake"
    fake.mkdir()
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    for module in ("tensorflow", "geant4_pybind"):
        (fake / f"{module}.py").write_text(crash)
    code, found = doctor(folder, PYTHONPATH=str(fake))
    assert code == 1
    for name in ("TensorFlow", "Geant4"):
        assert "ended by SIGILL" in found[name]["found"]


def test_a_package_of_another_version_is_named(folder: Path) -> None:
    assert check_packages()[0].state == "ok"
    replace(folder / "uv.lock", 'name = "mlflow"\nversion = "3', 'name = "mlflow"\nversion = "9')
    [finding] = check_packages()
    assert finding.state == "broken"
    assert "mlflow is 3" in finding.found


def test_a_wrong_parameter_is_named(folder: Path) -> None:
    replace(folder / "params.yaml", "  epochs: 5", "  epoch: 5")
    [finding] = check_parameters()
    assert finding.state == "broken"
    assert "Did you mean epochs" in finding.found


def test_a_working_copy_on_no_branch_is_told(folder: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    assert [finding.name for finding in check_dvc()] == ["DVC"]
    subprocess.run(["git", "checkout", "--quiet", "--detach"], check=True)
    finding = check_dvc()[-1]
    assert (finding.name, finding.state) == ("git", "note")
    assert "git switch" in finding.remedy


def test_damaged_tables_are_told_from_missing_ones(folder: Path, tables: Path) -> None:
    assert check_tables()[0].state == "note"
    shutil.copytree(tables, folder / "data/tables")
    assert check_tables()[0].state == "ok"
    largest = max(Path("data/tables").rglob("*.dat"), key=lambda path: path.stat().st_size)
    os.truncate(largest, 100)
    [finding] = check_tables()
    assert finding.state == "broken"
    assert "dvc repro --force tables" in finding.remedy


def test_genuine_tables_that_are_not_there_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("G4LEDATA", "/nowhere/G4EMLOW8.8")
    assert "/nowhere/G4EMLOW8.8, which is no folder" in check_tables()[0].found


def test_a_damaged_store_is_named_and_a_locked_one_too(folder: Path) -> None:
    path = folder / "mlruns/mlflow.db"
    path.parent.mkdir()
    path.write_text("no data base " * 100)
    assert f"mv {path} {path}.broken" in check_store()[0].remedy
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table runs (run_uuid text)")
        database.commit()
        assert check_store()[0].found.endswith("0 runs, can be written")
        database.execute("begin exclusive")
        assert "locked" in check_store()[0].found


def test_a_server_that_does_not_answer_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    [finding] = check_store()
    assert finding.state == "broken"
    assert "MLFLOW_TRACKING_URI" in finding.remedy


def test_more_workers_than_cores_and_memory_are_noted(folder: Path) -> None:
    replace(folder / "params.yaml", "  workers: 2  ", "  workers: 4096  ")
    params = (folder / "params.yaml").read_text()
    whole = re.sub(r"global_batch_size: (8|32)\b", "global_batch_size: 4096", params)
    (folder / "params.yaml").write_text(whole)
    assert "for 4,096 workers" in check_cores()[0].found
    assert check_memory()[0].state == "note"


def test_a_port_that_is_taken_names_the_next() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finding = check_network(port)[1]
    assert finding.state == "note"
    assert f"PORT={port + 1}" in finding.remedy
