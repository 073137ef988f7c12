"""Costs per shower: Geant4's from its file, the generator's measured."""

import numpy as np
import pytest

from heitler.generation.generate import cost_by_batch_size, cost_by_energy
from heitler.generation.sampler import load_sampler

ENERGIES = np.array([90, 10, 20, 80], np.float32)


@pytest.fixture(scope="module")
def sampler(generator_folder):
    return load_sampler(generator_folder)


def test_geant4_cost_is_its_mean_in_bins_of_energy(sampler):
    seconds = np.array([9.0, 1.0, 3.0, 7.0])
    low, high = cost_by_energy(sampler, ENERGIES, seconds, bins=2, batch_size=8)
    assert (low["energy_GeV"], low["geant4_cpu_s"]) == (15, 2)
    assert (high["energy_GeV"], high["geant4_cpu_s"]) == (85, 8)
    assert low["geant4_cpu_s_error"] == pytest.approx(1)
    assert 0 < low["generated_cpu_s"] < 1


def test_unknown_geant4_times_are_left_out(sampler):
    unknown = np.full(4, np.nan)
    rows = cost_by_energy(sampler, ENERGIES, unknown, bins=9, batch_size=8)
    assert len(rows) == 4
    assert set(rows[0]) == {"energy_GeV", "generated_cpu_s"}


def test_larger_batches_cost_less_per_shower(sampler):
    one, many = cost_by_batch_size(sampler, 50.0, (1, 64))
    assert (one["batch_size"], many["batch_size"]) == (1, 64)
    assert many["cpu_ms"] < one["cpu_ms"]
