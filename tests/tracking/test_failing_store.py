"""Tracking neither stops nor slows a run, and nothing of the record is lost or doubled."""

import resource
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from heitler.tracking import spool
from heitler.tracking.offline import VARIABLE, offline_folder
from heitler.tracking.runs import open_run
from heitler.tracking.store import connect
from heitler.tracking.sync import sync_runs, sync_spool


def epochs_of(run_id: str) -> list[tuple[int, float]]:
    connect()
    points = mlflow.MlflowClient().get_metric_history(run_id, "loss")
    return [(point.step, point.value) for point in points]


def test_a_locked_store_delays_nothing_and_gets_every_epoch_once(
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spool, "LONGEST_CLOSE_S", 0.5)
    lock = sqlite3.connect(store / "mlruns/mlflow.db", isolation_level=None)
    with open_run("locked") as run:
        run.log_epoch({"loss": 3.0}, 1)
        while not epochs_of(run.run_id):
            time.sleep(0.05)
        lock.execute("BEGIN EXCLUSIVE")
        begun = time.monotonic()
        for epoch in (2, 3):
            run.log_epoch({"loss": 1.0 / epoch}, epoch)
        assert time.monotonic() - begun < 0.5
        run.spool.close()
        assert len(spool.read_records(run.spool.path)) == 2
        lock.execute("ROLLBACK")
    lock.close()
    assert sync_spool() in ({}, {run.run_id: 0})  # by the thread that had waited, or now
    assert sync_spool() == {}
    assert epochs_of(run.run_id) == [(1, 3.0), (2, 0.5), (3, 1 / 3)]


def test_a_store_that_breaks_in_the_middle_is_completed_later(
    store: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = store / "mlruns/mlflow.db"
    with open_run("broken") as run:
        run.log_epoch({"loss": 3.0}, 1)
        while not epochs_of(run.run_id):
            time.sleep(0.05)
        whole = database.read_bytes()
        database.write_bytes(b"torn" * 1000)
        run.log_epoch({"loss": 2.0}, 2)
        run.log_tags({"late": True})
    assert "Warning: MLflow does not take records" in capsys.readouterr().out
    database.write_bytes(whole)
    assert sync_spool() == {run.run_id: 0}
    assert epochs_of(run.run_id) == [(1, 3.0), (2, 2.0)]
    ended = mlflow.get_run(run.run_id)
    assert ended.data.tags["heitler.late"] == "True"
    assert ended.info.status == "FINISHED"


def test_a_bad_artifact_holds_up_nothing_else(store: Path) -> None:
    with open_run("bad artifact") as run:
        run.log_files(store / "not there", "figures")
        run.log_epoch({"loss": 1.0}, 1)
    assert epochs_of(run.run_id) == [(1, 1.0)]
    (store / "not there").mkdir()
    (store / "not there/a.svg").write_text("<svg/>")
    assert sync_spool() == {run.run_id: 0}
    assert list((store / "mlruns/artifacts").rglob("a.svg"))


def test_without_its_server_a_run_has_a_store_of_its_own_that_is_merged_once(
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv(VARIABLE, "0")
    with open_run("no server") as run:
        run.log_epoch({"loss": 1.0}, 1)
    assert list(offline_folder().glob("no server-*"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.delenv(VARIABLE)
    [merged] = sync_runs()
    assert list(merged.runs.values()) == ["no server"]
    assert sync_runs() == []


def test_a_full_disk_loses_nothing_if_there_is_room_before_the_end(store: Path) -> None:
    code = (
        "import resource, time\n"
        "from heitler.tracking import spool; spool.RETRY_S = 0.1\n"
        "from heitler.tracking.runs import open_run\n"
        "with open_run('full') as run:\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, (0, {resource.RLIM_INFINITY}))\n"
        "    run.log_epoch({'loss': 1.0}, 1)\n"
        "    time.sleep(2)\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, ({resource.RLIM_INFINITY},) * 2)\n"
        "    run.log_epoch({'loss': 0.5}, 2)\n"
        "    run_id = run.run_id\n"
        "print('run', run_id)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert epochs_of(done.stdout.split()[-1]) == [(1, 1.0), (2, 0.5)]
