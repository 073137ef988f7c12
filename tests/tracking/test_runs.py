"""Runs land in the user's store, whole, and are found again."""

import json
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest

from heitler.base.place import project_root
from heitler.tracking.runs import Dataset, open_run
from heitler.tracking.store import connect
from heitler.tracking.sync import sync_spool


def test_a_run_keeps_parameters_metrics_tags_data_and_files(store: Path) -> None:
    (store / "figures").mkdir()
    (store / "figures/a.svg").write_text("<svg/>")
    energies = np.array([10.0, 20.0, 30.0])
    with open_run(
        "first",
        parameters={"train": {"workers": 2}},
        tags={"code": {"git_commit": "abc"}},
        datasets=[Dataset("training", Path("data/prepared/train.h5"), energies, "c0ffee" * 10)],
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
    [data] = kept.inputs.dataset_inputs
    assert data.dataset.name == "train"
    assert data.dataset.digest == ("c0ffee" * 10)[:32]
    assert json.loads(data.dataset.profile)["features_shape"] == [3]
    steps = mlflow.MlflowClient().get_metric_history(run.run_id, "loss")
    assert [(point.step, point.value) for point in steps] == [(1, 2.0), (2, 1.0)]
    assert (store / "mlruns/mlflow.db").exists()
    assert list((store / "mlruns/artifacts").rglob("a.svg"))


def test_a_failing_stage_leaves_a_failed_run(store: Path) -> None:
    with pytest.raises(ValueError, match="reason"), open_run("failing") as run:
        raise ValueError("reason")
    assert mlflow.get_run(run.run_id).info.status == "FAILED"


def test_a_run_that_is_no_longer_in_the_store_is_replaced(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_run("new", run_id="0" * 32) as run:
        assert run.run_id != "0" * 32
    assert "is not in this store" in capsys.readouterr().out


def test_experiments_in_dvcs_copies_write_to_the_users_store(tmp_path: Path) -> None:
    copy = tmp_path / ".dvc/tmp/exps/tmp123"
    (copy / "data").mkdir(parents=True)
    assert project_root(copy) == project_root(copy / "data") == tmp_path
    assert project_root(tmp_path) == tmp_path


def test_eight_processes_may_create_the_store_and_write_at_once(project: Path) -> None:
    code = (
        "from heitler.tracking.runs import Dataset, open_run\n"
        "with open_run('one of many') as run:\n"
        "    [run.log_epoch({'loss': 1.0 / step}, step) for step in range(1, 20)]\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    errors = [writer.communicate()[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8, errors
    sync_spool()
    connect()
    runs = mlflow.search_runs(output_format="list")
    assert len(runs) == 8
    for run in runs:
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
        assert len(history) == 19
