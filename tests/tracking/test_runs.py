"""Runs land in the user's store, whole, and are found again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest

from heitler.config import load_config
from heitler.tracking.runs import open_run
from heitler.tracking.store import connect, project_root
from heitler.tracking.training import continue_training_run, track_training


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    while mlflow.active_run():
        mlflow.end_run()


def test_a_run_keeps_parameters_metrics_tags_data_and_files(store: Path) -> None:
    (store / "figures").mkdir()
    (store / "figures/a.svg").write_text("<svg/>")
    energies = np.array([10.0, 20.0, 30.0])
    with open_run(
        "first",
        parameters={"train": {"workers": 2}},
        tags={"code": {"git_commit": "abc"}},
        datasets={"training": (energies, "data/prepared/train.h5")},
    ) as run:
        run.log_epoch({"loss": 2.0}, 1)
        run.log_epoch({"loss": 1.0}, 2)
        run.log_metrics({"showers": 3, "label": "no number"})
        run.log_files(store / "figures", "figures")
    kept = mlflow.get_run(run.run_id)
    assert kept.info.status == "FINISHED"
    assert kept.data.params == {"train.workers": "2"}
    assert kept.data.metrics["loss"] == 1.0
    assert kept.data.metrics["showers"] == 3
    assert "label" not in kept.data.metrics
    assert kept.data.tags["heitler.code.git_commit"] == "abc"
    assert kept.inputs.dataset_inputs[0].dataset.name == "train"
    steps = mlflow.MlflowClient().get_metric_history(run.run_id, "loss")
    assert [(point.step, point.value) for point in steps] == [(1, 2.0), (2, 1.0)]
    assert (store / "mlruns/mlflow.db").exists()
    assert list((store / "mlruns/artifacts").rglob("a.svg"))


def test_a_failing_stage_leaves_a_failed_run(store: Path) -> None:
    with pytest.raises(ValueError, match="reason"), open_run("failing") as run:
        raise ValueError("reason")
    assert mlflow.get_run(run.run_id).info.status == "FAILED"


def test_a_resumed_training_and_later_stages_continue_its_run(store: Path) -> None:
    config = load_config(Path(__file__).parents[2] / "params.yaml")
    folder = store / "data/training"
    with track_training(config, folder, "same", {}, active=True) as first:
        pass
    with track_training(config, folder, "same", {}, active=True) as resumed:
        assert resumed.run_id == first.run_id
    with continue_training_run(folder) as added:
        added.log_metrics({"test_response": 0.9})
        assert added.run_id == first.run_id
    with track_training(config, folder, "other parameters", {}, active=True) as other:
        assert other.run_id != first.run_id


def test_a_run_that_is_no_longer_in_the_store_is_replaced(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_run("new", run_id="0" * 32) as run:
        assert run.run_id != "0" * 32
    assert "is not in this store" in capsys.readouterr().out


def test_workers_that_do_not_write_leave_no_trace(store: Path) -> None:
    config = load_config(Path(__file__).parents[2] / "params.yaml")
    with track_training(config, store / "data", "x", {}, active=False) as run:
        run.log_epoch({"loss": 1.0}, 1)
    assert not (store / "mlruns").exists()
    assert not (store / "data").exists()


def test_experiments_in_dvcs_copies_write_to_the_users_store(tmp_path: Path) -> None:
    copy = tmp_path / ".dvc/tmp/exps/tmp123"
    (copy / "data").mkdir(parents=True)
    assert project_root(copy) == project_root(copy / "data") == tmp_path
    assert project_root(tmp_path) == tmp_path


def test_several_processes_may_create_the_store_and_write_at_once(store: Path) -> None:
    code = (
        "from heitler.tracking.runs import open_run\n"
        "with open_run('one of many') as run:\n"
        "    [run.log_epoch({'loss': 1.0 / step}, step) for step in range(1, 20)]\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [writer.communicate()[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], errors
    connect()
    runs = mlflow.search_runs(output_format="list")
    assert len(runs) == 3
    for run in runs:
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
        assert len(history) == 19
