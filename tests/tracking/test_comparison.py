"""The table of `heitler compare`, from runs in a real store."""

import contextlib
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heitler.cli.main import app
from heitler.tracking.comparison import ComparisonError, compare_runs, latest_runs
from heitler.tracking.runs import open_run
from heitler.tracking.studies import log_sweep

EPOCHS = {1: (40.0, 20.0, 20.0), 2: (30.0, 12.5, 12.5)}  # the first epoch compiles


def log_training(name: str, workers: int, experiment: str = "", recipe: str = "paper") -> str:
    parameters = {
        "model": {"recipe": recipe},
        "train": {"workers": workers, "global_batch_size": 8, "epochs": 3},
    }
    with open_run(name, parameters=parameters, tags={"dvc": {"experiment": experiment}}) as run:
        for epoch, seconds in enumerate(EPOCHS[workers], 1):
            metrics = {"epoch_time_s": seconds, "showers_per_second": 700 / seconds}
            metrics |= {"communication_time_s": 0.1 * seconds, "generator_1_total": 5.0 / epoch}
            run.log_epoch(metrics | {"response_worst_deviation": 0.5 / epoch}, epoch)
    return run.run_id


@pytest.fixture
def trainings(store: Path) -> list[str]:
    """One worker, then two."""
    return [log_training("one", 1), log_training("two", 2, experiment="my-experiment")]


def test_speed_up_and_efficiency_are_relative_to_the_first_run(trainings: list[str]) -> None:
    one, two = compare_runs(["one", "two"])
    assert one["epoch_time_s"] == 20.0
    assert two["speed_up"] == pytest.approx(20 / 12.5)
    assert two["efficiency_percent"] == pytest.approx(100 * 20 / 12.5 / 2)
    assert two["batch_per_worker"] == 4
    assert two["communication_percent"] == pytest.approx(10)
    assert two["generator_loss"] == pytest.approx(5 / 3)
    assert two["response_worst_deviation"] == pytest.approx(0.5 / 3)
    assert two["input_percent"] is None


def test_runs_are_found_by_id_by_its_beginning_and_by_experiment(trainings: list[str]) -> None:
    rows = compare_runs([trainings[0], trainings[0][:6], "my-experiment"])
    assert [row["run"] for row in rows] == ["one", "one", "two"]


def test_an_experiment_stands_for_its_recipes_whose_speeds_are_compared_each_with_its_own(
    store: Path,
) -> None:
    for experiment, workers in (("alone", 1), ("together", 2)):
        for recipe in ("paper", "heitler"):
            log_training(f"{experiment}-{recipe}", workers, experiment, recipe)
    rows = compare_runs(["alone", "together"])
    assert [row["recipe"] for row in rows] == ["paper", "heitler"] * 2
    assert [row["speed_up"] for row in rows] == pytest.approx([1, 1, 1.6, 1.6])


def test_without_names_the_latest_finished_trainings_are_compared(trainings: list[str]) -> None:
    with contextlib.suppress(RuntimeError), open_run("failed") as run:
        run.log_epoch({"epoch_time_s": 1.0, "showers_per_second": 1.0}, 1)
        raise RuntimeError
    assert [row["run"] for row in compare_runs([])] == ["one", "two"]


def test_an_unknown_run_is_named_with_similar_ones(trainings: list[str]) -> None:
    with pytest.raises(ComparisonError, match=r"onne: no run of this name.*Did you mean one\?"):
        compare_runs(["onne"])
    with pytest.raises(ComparisonError, match=r"The latest are two, one\."):
        compare_runs(["????"])


def test_an_empty_store_says_how_to_fill_it(store: Path) -> None:
    with pytest.raises(ComparisonError, match="Make one: dvc repro"):
        compare_runs([])


def test_a_sweep_stands_for_its_points(store: Path, make_config) -> None:
    def row(workers: int) -> dict[str, object]:
        interval = ("", "_low", "_high")
        values = {f"{n}{i}": 1.0 for n in ("efficiency", "speed_up") for i in interval}
        values |= {f"efficiency_against_independent{i}": None for i in interval}
        values |= {f"showers_per_second{i}": 5.0 * workers for i in interval}
        parts = ("compute_s", "communication_s", "straggler_wait_s", "input_wait_s")
        return values | {
            **{f"cycle_{part}": 0.4 for part in parts},
            "name": f"weak-{workers}-workers",
            "kind": "weak",
            "workers": workers,
            "threads_per_worker": 1,
            "kernels": "fast",
            "onednn": True,
            "per_worker_batch_size": 8,
            "global_batch_size": 8 * workers,
            "cycle_time_s": 1.6,
            "epoch_time_s": 140.0 / workers,
            "energy_J_per_shower": None,
        }

    figures = store / "figures"
    figures.mkdir()
    log_sweep(make_config(), "scale", [row(1), row(2)], {"weak_2_workers_efficiency": 1.0}, figures)
    one, two = compare_runs(["scale"])
    assert (one["run"], two["run"]) == ("weak-1w", "weak-2w")
    assert two["efficiency_percent"] == pytest.approx(100)
    assert two["communication_percent"] == pytest.approx(25)
    assert [entry["run"] for entry in compare_runs([])] == [one["run"], two["run"]]


def test_the_command_prints_a_line_per_run_and_writes_csv(trainings: list[str]) -> None:
    done = CliRunner().invoke(app, ["compare", "one", "two", "--csv", "table.csv"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert any("s per epoch" in line and "efficiency %" in line for line in lines)
    assert any(line.split()[0] == "two" and "12.50" in line for line in lines if line.strip())
    with Path("table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1]["run"] == "two"
    assert float(rows[1]["efficiency_percent"]) == pytest.approx(80)
    assert "includes compiling" not in done.output


def test_runs_of_one_epoch_are_no_measure_of_speed(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EPOCHS, 1, (40.0,))
    log_training("short", 1)
    done = CliRunner().invoke(app, ["compare", "short"])
    assert "run of one epoch includes compiling" in " ".join(done.output.split())


def test_the_page_of_a_store_without_trainings_has_no_rows(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert latest_runs() == []
    monkeypatch.setenv("HEITLER_OFFLINE", "1")
    (store / "mlruns/mlflow.db").unlink()
    assert latest_runs() == []
    assert not (store / "mlruns/mlflow.db").exists()
