"""The table, from times that are known."""

import numpy as np
import pytest

from heitler.scaling.efficiency import compare_points
from heitler.scaling.points import PARTS, Comparison, Point, Record, Setup

ONE = Point(Setup(1, independent=False, kernels="fast", onednn=True), 8)
TWO = Point(Setup(2, independent=False, kernels="fast", onednn=True), 16)
BESIDE = Point(Setup(2, independent=True, kernels="fast", onednn=True), 16)
ROWS = [Comparison("weak", ONE, ONE), Comparison("weak", TWO, ONE)]


def record(point: Point, wall_s: np.ndarray, energy_J: float | None = None) -> Record:
    seconds = {"wall_s": wall_s} | dict.fromkeys(PARTS, wall_s / 4)
    return Record(point.name, 0, "x", seconds, energy_J, ["node"] * point.workers, "cpu", 1)


def cycles(mean_s: float, workers: int, spread_s: float = 0.0, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(1, 200))
    return np.broadcast_to(mean_s + spread_s * (noise - noise.mean()), (workers, 200))


def test_efficiency_is_speed_per_worker_over_that_of_one() -> None:
    found = {ONE: [record(ONE, cycles(1.0, 1))], TWO: [record(TWO, cycles(1.25, 2))]}
    one, two = compare_points(ROWS, found, showers=700)
    assert one["showers_per_second"] == pytest.approx(8)
    assert two["showers_per_second"] == pytest.approx(16 / 1.25)
    assert two["speed_up"] == pytest.approx(1.6)
    assert two["efficiency"] == pytest.approx(0.8)
    assert two["epoch_time_s"] == pytest.approx(700 * 1.25 / 16)
    assert two["cycle_communication_s"] == pytest.approx(1.25 / 4)
    assert two["communication_fraction"] == pytest.approx(0.25)


def test_independent_processes_of_different_speed_add_up() -> None:
    wall = np.array([[1.0] * 4, [2.0] * 4])
    rows = [*ROWS, Comparison("independent", BESIDE, ONE)]
    found = {
        ONE: [record(ONE, cycles(1.0, 1))],
        TWO: [record(TWO, cycles(2.0, 2))],
        BESIDE: [record(BESIDE, wall)],
    }
    _, two, beside = compare_points(rows, found, showers=700)
    assert beside["showers_per_second"] == pytest.approx(8 + 4)
    assert beside["efficiency"] == pytest.approx(12 / 16)
    assert two["efficiency_against_independent"] == pytest.approx(8 / 12)


def test_the_interval_has_the_width_of_the_mean_s_error() -> None:
    repeats = [record(TWO, cycles(1.0, 2, 0.1, seed)) for seed in range(20)]
    found = {ONE: [record(ONE, cycles(1.0, 1))], TWO: repeats}
    row = compare_points(ROWS, found, showers=700)[1]
    half = 0.5 * (row["efficiency_high"] - row["efficiency_low"])
    assert half == pytest.approx(1.96 * 0.1 / np.sqrt(20 * 200), rel=0.2)
    assert row["efficiency_low"] < row["efficiency"] < row["efficiency_high"]


def test_repeats_that_differ_widen_the_interval() -> None:
    repeats = [record(TWO, cycles(mean, 2, 0.1)) for mean in (0.8, 1.0, 1.2)]
    found = {ONE: [record(ONE, cycles(1.0, 1))], TWO: repeats}
    row = compare_points(ROWS, found, showers=700)[1]
    assert row["efficiency_high"] - row["efficiency_low"] > 0.1


def test_equal_records_give_equal_intervals() -> None:
    found = {ONE: [record(ONE, cycles(1.0, 1, 0.1))], TWO: [record(TWO, cycles(1.0, 2, 0.1))]}
    assert compare_points(ROWS, found, 700) == compare_points(ROWS, found, 700)


def test_energy_is_per_shower_and_absent_where_it_was_not_read() -> None:
    read = {ONE: [record(ONE, cycles(1.0, 1), 1600.0)], TWO: [record(TWO, cycles(1.0, 2))]}
    one, two = compare_points(ROWS, read, showers=700)
    assert one["energy_J_per_shower"] == pytest.approx(1600 / (8 * 200))
    assert two["energy_J_per_shower"] is None
