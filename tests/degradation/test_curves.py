"""Epochs are judged together; records are kept as numbers and taken over again."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from heitler.config import ArmConfig, load_config
from heitler.degradation.curves import curve_rows, judged_layers, judged_response, running_rows
from heitler.degradation.kept import adopt_records, keep_records
from heitler.degradation.plan import plan_trainings
from heitler.degradation.runs.record import Record, read_record


def epoch(low: float, high: float, layer: float = 1.0) -> dict[str, float]:
    return {
        "test_response_ratio_100_190_GeV": high,
        "test_response_ratio_10_100_GeV": low,
        "test_layer_ratio_00": layer,
        "test_layer_ratio_01": 1.0,
        "test_spread_ratio": 2.0,
        "cycles": 10.0,
        "updates": 40.0,
        "events_seen": 80.0,
        "generator_real_fake": 0.5,
    }


HISTORY = [epoch(9.0, 9.0), epoch(9.0, 0.0), epoch(0.8, 1.1, 1.3), epoch(1.0, 1.3, 0.9)]


def test_the_last_epochs_are_judged_together_and_bins_go_by_energy() -> None:
    response, spread = judged_response(HISTORY, 0.5)
    np.testing.assert_allclose(response, [0.9, 1.2])
    assert spread == 2.0
    np.testing.assert_allclose(judged_layers(HISTORY, 0.5), [1.1, 1.0])
    np.testing.assert_allclose(judged_response(HISTORY, 0.01)[0], [1.0, 1.3])


def test_a_curve_counts_cycles_and_showers_from_the_start() -> None:
    rows = curve_rows("one-worker", 2, HISTORY)
    assert [row["cycles"] for row in rows] == [10, 20, 30, 40]
    assert rows[-1]["showers_seen"] == 320
    assert rows[-1]["worst_bin"] == pytest.approx(0.3)
    running = running_rows("one-worker", 2, HISTORY, 0.5)
    assert running[-1]["deviation_low"] == pytest.approx(0.1)
    assert running[-1]["worst_bin"] == pytest.approx(0.2)
    assert running[1]["worst_bin"] == pytest.approx(8.0)


def test_kept_records_are_taken_over_unless_parameters_or_data_differ(tmp_path: Path) -> None:
    config = load_config()
    plan = plan_trainings(config, 700, "data")
    record = Record({}, {}, HISTORY, {"cycles": 40})
    keep_records({("one-worker", 1): record}, plan, tmp_path / "kept")
    assert "generator_real_fake" not in (tmp_path / "kept/one-worker-1.json").read_text()
    fates = adopt_records(tmp_path / "kept", plan, tmp_path / "records")
    assert fates["one-worker", 1] == "taken over"
    assert fates["workers-256", 1] == "to be trained"
    adopted = read_record(tmp_path / "records" / plan["one-worker", 1].fingerprint[:16])
    assert adopted
    assert judged_response(adopted.history, 0.5)[0][1] == pytest.approx(1.2)
    assert "there already" in adopt_records(tmp_path / "kept", plan, tmp_path / "records").values()
    other = plan_trainings(config, 700, "other data")
    fate = adopt_records(tmp_path / "kept", other, tmp_path / "others")["one-worker", 1]
    assert fate == "kept with other parameters or data: to be trained"


def test_a_kept_training_counts_as_the_shorter_one_that_its_first_epochs_are(
    tmp_path: Path,
) -> None:
    config = load_config()
    arms = ("workers-256", "workers-256-longer", "rate-times-4", "averaged-alone")
    averaged = ArmConfig(
        about="", role="remedy", extends="workers-256", model={"changes": {"averaging": 0.9}}
    )
    study = dataclasses.replace(
        config.degradation,
        arms=config.degradation.arms | {"averaged-alone": averaged},
        run=arms,
        seeds=(1,),
        judged_epochs=0.5,
    )
    config = dataclasses.replace(config, degradation=study)
    plan = plan_trainings(config, 5000, "data")
    longer, epochs = plan["workers-256-longer", 1], plan["workers-256", 1].config.train.epochs
    history = HISTORY[: longer.config.train.epochs]
    assert epochs < len(history)
    facts = {"unique_events": 9.0, "seconds": 8.0, "cpu_seconds": 6.0}
    record = Record({}, {}, history, facts)
    keep_records({("workers-256-longer", 1): record}, plan, tmp_path / "kept")
    fates = adopt_records(tmp_path / "kept", plan, tmp_path / "records")
    assert fates["workers-256", 1] == f"the first {epochs} epochs of workers-256-longer"
    assert fates["rate-times-4", 1] == "to be trained"
    assert fates["averaged-alone", 1] == "to be trained"  # a change to the recipe
    short = read_record(tmp_path / "records" / plan["workers-256", 1].fingerprint[:16])
    assert short
    assert len(short.history) == epochs
    assert short.facts["cycles"] == 10.0 * epochs
    assert short.facts["cpu_seconds"] == 6.0 * epochs / len(history)


def test_without_a_judge_of_epochs_no_training_stands_for_a_shorter_one(tmp_path: Path) -> None:
    config = load_config()
    study = dataclasses.replace(
        config.degradation, run=("workers-256", "workers-256-longer"), seeds=(1,)
    )
    plan = plan_trainings(dataclasses.replace(config, degradation=study), 5000, "data")
    record = Record({}, {}, HISTORY, {})
    keep_records({("workers-256-longer", 1): record}, plan, tmp_path / "kept")
    fates = adopt_records(tmp_path / "kept", plan, tmp_path / "records")
    assert fates["workers-256", 1] == "to be trained"


def test_kept_records_are_strict_json(tmp_path: Path) -> None:
    plan = plan_trainings(load_config(), 700, "data")
    keep_records({("one-worker", 1): Record({}, {}, HISTORY, {})}, plan, tmp_path)
    assert json.loads((tmp_path / "one-worker-1.json").read_text())["seed"] == 1
