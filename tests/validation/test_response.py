"""The response ratio sees wrong energies, and only those beyond statistics."""

import dataclasses

import numpy as np
import pytest

from heitler.data.observables import measure
from heitler.validation.response import (
    bin_labels,
    binned_response,
    energy_bin_edges,
    response_by_bin,
    response_ratio,
)

EDGES = np.linspace(10, 100, 4)


def response(showers, edges=EDGES):
    observables = measure(showers)
    return binned_response(observables.ecal_sum_GeV, observables.primary_energy_GeV, edges)


def with_cells(showers, cells):
    return dataclasses.replace(showers, cells_GeV=cells.astype(np.float32))


def test_a_scaled_energy_is_the_response_ratio(showers):
    truth = showers(300, 1)
    ratio, _ = response_ratio(response(with_cells(truth, 1.2 * truth.cells_GeV)), response(truth))
    np.testing.assert_allclose(ratio, 1.2, rtol=1e-5)


def test_too_much_energy_in_one_bin_stays_in_that_bin(showers):
    truth = showers(300, 1)
    low = (truth.primary_energy_GeV < EDGES[1])[:, None, None, None]
    excess = with_cells(truth, np.where(low, 1.5, 1.0) * truth.cells_GeV)
    ratio, _ = response_ratio(response(excess), response(truth))
    np.testing.assert_allclose(ratio, [1.5, 1.0, 1.0], rtol=1e-5)


def test_floor_of_two_samples_of_one_distribution_is_one_within_its_errors(showers):
    pulls = []
    for seed in range(20):
        ratio, error = response_ratio(
            response(showers(150, 2 * seed)), response(showers(150, 2 * seed + 1))
        )
        pulls.extend((ratio - 1) / error)
    assert abs(np.mean(pulls)) < 0.4  # 60 pulls: error of the mean 0.13
    assert 0.7 < np.std(pulls) < 1.3


def test_bootstrap_and_analytic_errors_of_the_mean_agree(showers):
    binned = response(showers(900, 3))
    np.testing.assert_allclose(binned.bootstrap_error, binned.error, rtol=0.2)


def test_an_empty_bin_is_nan_and_its_neighbours_are_not(showers):
    truth = showers(200, 1)
    few = truth[(truth.primary_energy_GeV < EDGES[1]) | (truth.primary_energy_GeV > EDGES[2])]
    ratio, error = response_ratio(response(few), response(few))
    assert list(np.isnan(ratio)) == [False, True, False]
    assert list(np.isnan(error)) == [False, True, False]


def test_one_shower_in_a_bin_gives_no_ratio_because_it_has_no_error(showers):
    truth = showers(200, 1)
    one = np.flatnonzero(truth.primary_energy_GeV < EDGES[1])[:1]
    rest = np.flatnonzero(truth.primary_energy_GeV > EDGES[1])
    few = response(truth[np.concatenate([one, rest])])
    ratio, _ = response_ratio(few, few)
    assert list(np.isnan(ratio)) == [True, False, False]


def test_a_generator_that_deposits_nothing_has_response_zero(showers):
    truth = showers(100, 1)
    ratio, error = response_ratio(response(with_cells(truth, 0 * truth.cells_GeV)), response(truth))
    np.testing.assert_array_equal(ratio, 0)
    assert np.isfinite(error).all()


def test_the_per_epoch_ratio_equals_the_full_one(showers):
    truth, other = measure(showers(200, 1)), measure(showers(200, 2))
    quick = response_by_bin(other.ecal_sum_GeV, truth.ecal_sum_GeV, truth.primary_energy_GeV, EDGES)
    full, _ = response_ratio(
        binned_response(other.ecal_sum_GeV, truth.primary_energy_GeV, EDGES),
        binned_response(truth.ecal_sum_GeV, truth.primary_energy_GeV, EDGES),
    )
    np.testing.assert_allclose(quick, full)
    assert np.isnan(response_by_bin(np.ones(1), np.ones(1), np.full(1, 15.0), EDGES)[1:]).all()


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(10.03, 99.8, (10, 100)), (np.float32(0.1), 487.2, (0.1, 490))]
)
def test_bins_span_the_rounded_range(low, high, expected):
    edges = energy_bin_edges(low, high, 6, "uniform")
    np.testing.assert_allclose((edges[0], edges[-1]), expected)
    assert len(edges) == 7


def test_bins_are_spaced_like_the_spectrum():
    linear = energy_bin_edges(10, 100, 3, "uniform")
    log = energy_bin_edges(10, 100, 2, "log-uniform")
    np.testing.assert_allclose(np.diff(linear), 30)
    np.testing.assert_allclose(log[1:] / log[:-1], np.sqrt(10))
    assert bin_labels(linear) == ["10_40_GeV", "40_70_GeV", "70_100_GeV"]


def test_one_energy_still_has_a_bin():
    edges = energy_bin_edges(50, 50, 1, "uniform")
    assert edges[0] < 50 < edges[1]
