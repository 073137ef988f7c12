"""The comparison's metrics: flat, finite, each with its floor."""

import dataclasses
import json

import numpy as np
import pytest

from heitler.data.observables import measure
from heitler.validation.compare import compare_response, response_rows, validation_metrics

EDGES = np.linspace(10, 100, 4)


def metrics_of(generated, geant4, reference, response_pass=0.05):
    samples = [measure(s) for s in (generated, geant4, reference)]
    response = compare_response(*samples, EDGES)
    return validation_metrics(*samples, response, response_pass), response_rows(response)


def test_an_independent_geant4_sample_passes_and_sits_at_the_floor(showers):
    metrics, rows = metrics_of(showers(300, 1), showers(300, 2), showers(300, 3))
    assert metrics["response_passes"]
    assert metrics["response_ratio"] == pytest.approx(1, abs=5 * metrics["response_ratio_error"])
    assert metrics["response_max_deviation_floor"] < 0.03
    assert metrics["longitudinal_profile_error"] < 3 * metrics["longitudinal_profile_error_floor"]
    assert [row["showers"] for row in rows] == list(
        np.histogram(showers(300, 2).primary_energy_GeV, EDGES)[0]
    )


def test_ten_percent_too_much_energy_fails_and_says_how_much(showers):
    truth = showers(300, 2)
    hot = dataclasses.replace(truth, cells_GeV=1.1 * truth.cells_GeV)
    metrics, _ = metrics_of(hot, truth, showers(300, 3))
    assert not metrics["response_passes"]
    assert metrics["response_max_deviation"] == pytest.approx(0.1, rel=1e-3)


def test_what_could_not_be_measured_is_left_out_not_faked(showers):
    truth = showers(300, 2)
    low = truth[truth.primary_energy_GeV < EDGES[1]]
    nothing = dataclasses.replace(low, cells_GeV=0 * low.cells_GeV)
    metrics, rows = metrics_of(nothing, low, showers(100, 3))
    assert metrics["energy_bins_left_out"] == 2
    assert len(rows) == 1
    assert "response_ratio_40_70_GeV" not in metrics
    assert "longitudinal_profile_error" not in metrics
    assert metrics["response_ratio_10_40_GeV"] == 0
    json.dumps([metrics, rows], allow_nan=False)
