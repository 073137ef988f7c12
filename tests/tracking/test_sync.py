"""Offline runs get into the main store: whole, once, and also after an interruption."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from tests.generation.conftest import SHAPE

from heitler.generation.serving import served_generator
from heitler.tracking import sync
from heitler.tracking.lookup import search
from heitler.tracking.runs import Dataset, attach_run, open_run
from heitler.tracking.store import VARIABLE, connect, connect_to_database, offline_folder
from heitler.tracking.sync import sync_runs


@pytest.fixture
def offline(store: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose runs are offline; the stores' tables are copied, not created."""
    created = connect_to_database

    def quickly(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "mlflow.db").exists():
            shutil.copy(empty_database, folder / "mlflow.db")
        created(folder)

    monkeypatch.setattr("heitler.tracking.store.connect_to_database", quickly)
    monkeypatch.setenv(VARIABLE, "1")
    yield store
    connect()


def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)


def train_offline(name: str) -> str:
    """A run with everything that a training logs."""
    Path("figures").mkdir(exist_ok=True)
    Path("figures/a.svg").write_text("<svg/>")
    data = Dataset("training", Path("data/train.h5"), np.arange(3.0), "c0ffee" * 10)
    with open_run(
        name, parameters={"train": {"workers": 2}}, tags={"a": "b"}, datasets=[data]
    ) as run:
        run.log_epoch({"loss": 2.0, "undefined": float("nan")}, 1)
        run.log_epoch({"loss": 1.0}, 2)
        run.log_files(Path("figures"), "figures")
        mlflow.pyfunc.log_model(name="model", python_model=echo, pip_requirements=["mlflow"])
        with mlflow.start_run(nested=True, run_name=f"child of {name}"):
            mlflow.log_metric("loss", 3.0)
    return run.run_id


def echo(model_input: list[float]) -> list[float]:
    return model_input


def main_runs() -> dict[str, mlflow.entities.Run]:
    connect()
    return {run.info.run_name: run for run in search(MlflowClient())}


def contents() -> dict[str, object]:
    """All that the main store has, without its own ids."""
    client = MlflowClient()
    return {
        name: (
            run.data.params,
            {k: v for k, v in run.data.metrics.items() if k != "undefined"},
            len(client.get_metric_history(run.info.run_id, "loss")),
            len(run.inputs.dataset_inputs),
            len(run.outputs.model_outputs),
            run.info.status,
            run.info.start_time,
            run.info.end_time,
        )
        for name, run in main_runs().items()
    }


def test_offline_runs_do_not_touch_the_main_store(offline: Path) -> None:
    database = offline / "mlruns/mlflow.db"
    before = database.read_bytes()
    for name in ("first", "second"):
        with open_run(name) as run:
            run.log_epoch({"loss": 1.0}, 1)
    assert database.read_bytes() == before
    assert len(list(offline_folder().glob("*/mlflow.db"))) == 2


def test_runs_are_merged_whole_and_only_once(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [train_offline("first"), train_offline("second")]
    online(monkeypatch)
    results = sync_runs()
    assert [set(result.runs) & set(ids) for result in results] == [{ids[0]}, {ids[1]}]
    runs = main_runs()
    assert set(runs) == {"first", "child of first", "second", "child of second"}
    first, client = runs["first"], MlflowClient()
    assert first.data.params == {"train.workers": "2"}
    assert first.data.tags["heitler.synced_from"] == ids[0]
    assert first.data.tags["heitler.a"] == "b"
    history = client.get_metric_history(first.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0)]
    assert np.isnan(first.data.metrics["undefined"])
    assert first.inputs.dataset_inputs[0].dataset.name == "train"
    child = runs["child of first"]
    assert child.data.tags["mlflow.parentRunId"] == first.info.run_id
    before = contents()
    assert sync_runs() == []
    assert contents() == before


def test_artifacts_and_the_model_load_back_without_the_offline_store(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_offline("first")
    online(monkeypatch)
    sync_runs()
    shutil.rmtree(offline_folder())
    run = main_runs()["first"]
    artifact = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/figures/a.svg")
    assert artifact == "<svg/>"
    [output] = run.outputs.model_outputs
    model = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert model.predict([1.0, 2.0]) == [1.0, 2.0]


def test_the_trained_generator_makes_showers_from_the_main_store(
    offline: Path, monkeypatch: pytest.MonkeyPatch, generator_folder: Path
) -> None:
    with open_run("first") as run:
        run.log_generator(generator_folder, served_generator(SHAPE))
    online(monkeypatch)
    sync_runs()
    shutil.rmtree(offline_folder())
    [output] = main_runs()["first"].outputs.model_outputs
    model = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    showers = model.predict(pd.DataFrame({"primary_energy_GeV": [20.0, 50.0]}))
    assert showers.shape == (2, *SHAPE)


@pytest.mark.parametrize("step", ["_add_metrics", "_add_inputs", "_add_model"])
def test_an_interrupted_merge_is_completed(
    offline: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    train_offline("first")
    online(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(f"heitler.tracking.sync._Merge.{step}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sync_runs()
    sync_runs()
    interrupted = contents()
    assert interrupted["first"][1:5] == ({"loss": 1.0, "epoch": 2.0}, 2, 1, 1)
    assert len(interrupted) == 2


def interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_model_whose_files_were_not_all_copied_is_replaced(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_offline("first")
    online(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "finalize_logged_model", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sync_runs()
    sync_runs()
    [model] = mlflow.search_logged_models(output_format="list")
    assert model.status == "READY"


def test_results_that_are_added_later_are_merged_too(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = train_offline("first")
    monkeypatch.delenv(VARIABLE)
    sync_runs()
    monkeypatch.setenv(VARIABLE, "1")
    attach_run("added", run_id).log_metrics({"late": 3.0})
    online(monkeypatch)
    sync_runs()
    assert main_runs()["first"].data.metrics["late"] == 3.0


def test_a_merged_run_is_found_by_its_offline_id(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = train_offline("first")
    online(monkeypatch)
    sync_runs()
    assert attach_run("added", run_id).run_id == main_runs()["first"].info.run_id


def test_a_run_that_still_runs_is_left_for_later_and_one_gone_silent_is_killed(
    offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run("living") as run:
        run.log_epoch({"loss": 1.0}, 1)
        monkeypatch.delenv(VARIABLE)
        [left] = sync_runs()
        assert left.runs == {}
        database = next(offline_folder().glob("*/mlflow.db"))
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.set_tag("heitler.process", "another-machine 1 0")
        monkeypatch.setattr(sync, "SILENT_S", -1.0)  # the run in this process writes still
        sync_runs()
        assert main_runs()["living"].info.status == "KILLED"


def test_equal_names_get_numbers(offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with open_run("same"):
            pass
    online(monkeypatch)
    sync_runs()
    assert set(main_runs()) == {"same", "same-2"}
