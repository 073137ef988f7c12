"""The compact generator is judged by its response and profiles against the full one's."""

import numpy as np
import pytest

from heitler.data.observables import Observables, measure_cells
from heitler.validation.compact import judge_compact

EDGES = np.array([10.0, 40, 70, 100])


def sample(factor: float = 1.0, low_energy_factor: float = 1.0, flat: bool = False) -> Observables:
    random = np.random.default_rng(4)
    energy = random.uniform(10, 100, 300)
    image = np.ones((5, 5, 4)) if flat else random.uniform(0, 1, (5, 5, 4))
    scale = factor * energy * np.where(energy < 40, low_energy_factor, 1.0)
    cells = image[None] * scale[:, None, None, None] * 1e-3
    return measure_cells(cells.astype(np.float32), energy)


def test_equal_showers_pass_with_no_profile_error():
    metrics, rows = judge_compact(sample(), sample(), sample(2.0), EDGES, 0.05)
    assert metrics["response_passes"] == 1
    assert metrics["response_max_deviation"] == pytest.approx(0, abs=1e-6)
    assert metrics["longitudinal_profile_error_to_full"] == pytest.approx(0, abs=1e-6)
    assert [row["compact_over_geant4"] for row in rows] == pytest.approx([0.5] * 3)


def test_one_wrong_energy_bin_does_not_pass():
    metrics, rows = judge_compact(sample(1.0, 0.9), sample(), sample(), EDGES, 0.05)
    assert metrics["response_passes"] == 0
    assert metrics["response_max_deviation"] == pytest.approx(0.1, abs=1e-3)
    assert [row["compact_over_full"] for row in rows] == pytest.approx([0.9, 1, 1], abs=1e-3)


def test_a_full_generator_that_deposits_nothing_cannot_be_passed():
    metrics, _ = judge_compact(sample(), sample(0.0), sample(), EDGES, 0.05)
    assert metrics["response_passes"] == 0


def test_a_wrong_shape_is_seen_against_both():
    metrics, _ = judge_compact(sample(flat=True), sample(), sample(), EDGES, 0.05)
    assert metrics["transverse_x_profile_error_to_full"] > 0.01
    assert metrics["transverse_x_profile_error_to_geant4"] > 0.01
    assert metrics["transverse_x_profile_error_full_to_geant4"] == pytest.approx(0, abs=1e-6)
