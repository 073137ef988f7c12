"""From the tables of a sweep to a plan."""

from dataclasses import replace
from pathlib import Path

import pytest

from heitler.base.files import write_csv
from heitler.config import Config
from heitler.scaling.calibration import Calibration, CalibrationError, calibrate
from heitler.scaling.interconnects import PRESETS
from heitler.scaling.plan import Training, flat_row, largest_useful, plan_training
from heitler.scaling.projection import cycle_s
from tests.scaling.sweeps import COMMUNICATION_S, write_sweep

LINK = PRESETS["omni-path-100"]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(tmp_path / "sweep", compute_s=0.5, jitter=0.05)


def read(sweep: Path, ranks: int = 2) -> Calibration:
    return calibrate(sweep, ranks, LINK, sweep / "history.csv")


def training_of(config: Config, sweep: Path, **changes: float) -> Training:
    training = Training.of(config, read(sweep), 16_000)
    return replace(training, best=replace(training.best, **changes))


def test_costs_are_the_means_of_the_measured_cycles(tmp_path):
    found = read(write_sweep(tmp_path, compute_s=0.4))
    assert found.costs.compute_s == pytest.approx(0.4)
    assert found.costs.on_node_s == pytest.approx(COMMUNICATION_S[2])
    assert found.costs.spread == pytest.approx(0.0, abs=1e-9)
    assert (found.batch_per_worker, found.ranks_per_node, found.cycles) == (8, 2, 12)
    assert "12 cycles of 8 showers per worker, 2 workers with 1 thread each, on Test CPU" in (
        found.description
    )


@pytest.mark.parametrize("ranks", [1, 2])
def test_one_node_reproduces_the_measured_cycle(ranks, sweep, make_config):
    calibration = read(sweep, ranks)
    job = Training.of(make_config(), calibration, 16_000).job
    assert cycle_s(calibration.costs, job, 1) == pytest.approx(calibration.measured_cycle_s[1])


def test_fixed_cost_is_the_evaluation_time_without_the_first_epoch(sweep):
    assert read(sweep).costs.fixed_s == 0
    times = [{"epoch": i, "evaluation_time_s": s} for i, s in enumerate((9.0, 2.0, 2.5, 3.0))]
    write_csv(sweep / "history.csv", times)
    assert read(sweep).costs.fixed_s == 2.5


def test_an_unmeasured_number_of_workers_names_the_measured_ones(sweep):
    with pytest.raises(
        CalibrationError, match=r"3 workers together; there are 1, 2\..*--calibrate"
    ):
        read(sweep, 3)


def test_no_sweep_names_the_command(tmp_path):
    with pytest.raises(CalibrationError, match=r"points.csv: not found.*dvc repro scale"):
        read(tmp_path)


def test_node_hours_and_budget_follow_from_the_time_per_epoch(sweep, make_config):
    training = training_of(make_config(), sweep)
    four, sixteen = plan_training(training, [4, 16], epochs=10, budget_node_hours=1.0)
    assert four.node_hours.value == pytest.approx(4 * 10 * four.epoch_s.value / 3600)
    assert four.training_h.value == pytest.approx(10 * four.epoch_s.value / 3600)
    assert four.epochs_in_budget == int(3600 / (4 * four.epoch_s.value))
    assert sixteen.epoch_s.value < four.epoch_s.value
    assert sixteen.node_hours.value > four.node_hours.value
    for row in (four, sixteen):
        for estimate in (row.epoch_s, row.efficiency, row.node_hours):
            assert estimate.low < estimate.value < estimate.high


def test_only_the_calibrated_node_is_called_measured(sweep, make_config):
    rows = plan_training(
        training_of(make_config(), sweep), [1, 2, 64], epochs=1, budget_node_hours=None
    )
    assert [row.kind for row in rows] == ["measured", "projected", "projected"]
    flat = flat_row(rows[1])
    assert flat["epoch_s_low"] < flat["epoch_s"] < flat["epoch_s_high"]
    assert flat["workers"] == 4


def test_largest_useful_number_of_nodes_is_the_last_above_the_limit(sweep, make_config):
    training = training_of(make_config(), sweep, fixed_s=5.0)
    useful = largest_useful(training, 0.8)
    rows = plan_training(training, [useful, useful + 1], epochs=1, budget_node_hours=None)
    assert rows[0].efficiency.value >= 0.8 > rows[1].efficiency.value


def test_without_losses_all_nodes_that_the_showers_can_fill_are_useful(sweep, make_config):
    assert largest_useful(training_of(make_config(), sweep), 0.0) == 16_000 // 16
