"""Tracking neither stops nor slows a run, and nothing of the record is lost or doubled."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from tests.cluster.ends import wait_until

from heitler.config import Config
from heitler.tracking import spool
from heitler.tracking.recorder import Recorder
from heitler.tracking.runs import open_run
from heitler.tracking.store import VARIABLE, connect, offline_folder
from heitler.tracking.studies import AS_THEY_ARE, PARTS, log_evolution, log_sweep
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


def test_who_is_killed_while_creating_the_store_leaves_none(project: Path) -> None:
    code = "from heitler.tracking.store import connect; connect()"
    creating = subprocess.Popen([sys.executable, "-c", code], cwd=project)
    folder = project / "mlruns"

    def some_tables() -> bool:
        return any(path.stat().st_size > 50_000 for path in folder.glob("*mlflow.db*"))

    wait_until(some_tables)
    creating.kill()
    creating.wait()
    assert not (folder / "mlflow.db").exists()
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)
    assert [path.name for path in folder.glob("*mlflow.db*")] == ["mlflow.db"]


def test_a_broken_store_is_refused_in_words_and_left_as_it_is(project: Path) -> None:
    file = project / "mlruns/mlflow.db"
    file.parent.mkdir()
    file.write_bytes(b"not a database" * 1000)
    compare = Path(sys.executable).with_name("heitler")
    done = subprocess.run([compare, "compare"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"Error: MLflow's store cannot be used. {file}: is no SQLite database" in done.stderr
    assert f"mv {file} {file}.broken" in done.stderr
    assert "Traceback" not in done.stderr
    assert file.read_bytes() == b"not a database" * 1000


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


class TearingRows(list[Any]):
    """Rows after the first of which the store's file is overwritten."""

    def __init__(self, rows: list[Any], database: Path) -> None:
        super().__init__(rows)
        self.database = database

    def __iter__(self) -> Iterator[Any]:
        first, *others = super().__iter__()
        yield first
        self.whole = self.database.read_bytes()
        self.database.write_bytes(b"torn" * 1000)
        yield from others

    def items(self) -> Iterator[Any]:
        return iter(self)


def children_of(parent: str) -> dict[str, dict[str, str]]:
    """Parameters of the finished runs below a run, by name."""
    connect()
    found = mlflow.search_runs(
        filter_string=f"tags.`mlflow.parentRunId` = '{parent}'", output_format="list"
    )
    assert {child.info.status for child in found} == {"FINISHED"}
    assert len({child.info.run_name for child in found}) == len(found)
    return {child.info.run_name: child.data.params for child in found}


def test_a_store_that_breaks_does_not_end_a_sweep_or_an_evolution(
    store: Path, make_config: Callable[..., Config]
) -> None:
    database, figures = store / "mlruns/mlflow.db", store / "figures"
    figures.mkdir()
    history = [{"step": step, "loss": 1.0 / step} for step in (1, 2, 3)]
    runs = TearingRows([(("rmsprop", seed), history) for seed in (1, 2, 3)], database)
    evolution = log_evolution(make_config(), runs, {"best": 1.0}, figures)
    database.write_bytes(runs.whole)
    point = dict.fromkeys(AS_THEY_ARE, 1.0) | dict.fromkeys(PARTS.values(), 0.1)
    point |= {"kind": "weak", "threads_per_worker": 1, "kernels": "fast", "onednn": True}
    point |= {"global_batch_size": 8, "per_worker_batch_size": 8}
    rows = TearingRows([point | {"workers": workers} for workers in (1, 2, 4)], database)
    sweep = log_sweep(make_config(), "scale", rows, {"efficiency": 1.0}, figures)
    database.write_bytes(rows.whole)
    assert sync_spool() == {evolution: 0, sweep: 0}
    seeds = {name: params["evolve.seed"] for name, params in children_of(evolution).items()}
    assert seeds == {"rmsprop-1": "1", "rmsprop-2": "2", "rmsprop-3": "3"}
    assert set(children_of(sweep)) == {"weak-1w", "weak-2w", "weak-4w"}


def test_a_run_below_another_is_written_anew_if_it_was_not_finished(store: Path) -> None:
    record = {
        "what": "log_child",
        "arguments": {
            "number": 1,
            "name": "below",
            "parameters": {"seed": "1"},
            "tags": {},
            "metrics": {"judged": 2.0},
            "history": [{"epoch": 1.0, "loss": 3.0}, {"epoch": 2.0, "loss": 1.5}],
            "step": "epoch",
        },
    }
    with open_run("above") as parent:
        for status in ("FINISHED", "RUNNING", "FINISHED"):
            Recorder(parent.run_id)(record)
            assert list(children_of(parent.run_id)) == ["below"]
            [child] = mlflow.search_runs(filter_string="run_name = 'below'", output_format="list")
            assert epochs_of(child.info.run_id) == [(1, 3.0), (2, 1.5)]
            mlflow.MlflowClient().update_run(child.info.run_id, status)


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


@contextlib.contextmanager
def mlflow_server(folder: Path, port: int) -> Iterator[str]:
    """A real one, on a store in `folder`."""
    command = [Path(sys.executable).with_name("mlflow"), "server", "--port", str(port)]
    store = f"sqlite:///{folder / 'server.db'}"
    with (folder / "server.log").open("a") as log:
        server = subprocess.Popen(
            [*command, "--backend-store-uri", store, "--workers", "1"],
            cwd=folder,
            env={k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
        assert server.poll() is None, (folder / "server.log").read_text()
        return False

    try:
        wait_until(answers, 600)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def test_an_interrupted_run_goes_on_while_its_server_is_down_and_is_one_run_after_a_sync(
    project: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    shutil.copy(empty_database, project / "server.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with mlflow_server(project, port), contextlib.suppress(KeyError), open_run("train") as first:
        first.log_epoch({"loss": 2.0}, 1)
        raise KeyError("interrupted")
    with open_run("train", run_id=first.run_id, unfinished_only=True) as again:
        again.log_epoch({"loss": 2.0}, 1)
        again.log_epoch({"loss": 1.0}, 2)
    assert again.run_id == first.run_id
    assert "The run goes on with its records in mlruns/spool" in capsys.readouterr().out
    assert VARIABLE not in os.environ
    with mlflow_server(project, port):
        assert sync_spool() == {first.run_id: 0}
        assert epochs_of(first.run_id) == [(1, 2.0), (2, 1.0)]
        assert mlflow.get_run(first.run_id).info.status == "FINISHED"
        with open_run("train", run_id=first.run_id, unfinished_only=True) as finished:
            assert finished.run_id != first.run_id


def test_a_run_begun_offline_goes_on_there_while_its_server_is_still_down(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv(VARIABLE, "0")
    with contextlib.suppress(KeyError), open_run("train") as first:
        raise KeyError("interrupted")
    monkeypatch.setenv(VARIABLE, "0")  # the next job is another process
    with open_run("train", run_id=first.run_id, unfinished_only=True) as again:
        assert again.run_id == first.run_id
    assert len(list(offline_folder().glob("train-*"))) == 1


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
