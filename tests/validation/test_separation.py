"""Separation power, classifier, moments and cores against independent formulas."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import kurtosis, norm, skew

from heitler.validation.classifier import classify, divergence
from heitler.validation.linearity_resolution import (
    CoreByEnergy,
    core,
    fit_linearity,
    fit_resolution,
)
from heitler.validation.profiles import profile_moments
from heitler.validation.separation import separation, separation_power


def test_separation_power_is_half_the_chi_square_distance():
    p, q = np.random.default_rng(1).random((2, 40))
    p, q = p / p.sum(), q / q.sum()
    # The same sum as written in the literature's other form: 1 - sum 2 p q / (p + q).
    assert separation_power(p, q) == pytest.approx(1 - (2 * p * q / (p + q)).sum())
    assert separation_power(p, q) < jensenshannon(p, q, base=2)  # a bound: S <= sqrt(JSD)
    assert separation_power(3 * p, p) == pytest.approx(0)


def test_showers_outside_the_range_of_the_truth_are_not_dropped():
    assert separation(np.full(100, 500.0), np.arange(100.0), bins=50) > 0.9
    assert np.isnan(separation(np.full(3, np.nan), np.arange(3.0), bins=5))


def test_floor_of_the_separation_is_bins_over_twice_the_showers():
    random = np.random.default_rng(1)
    found = [separation(*random.uniform(size=(2, 1000)), bins=20) for _ in range(30)]
    assert np.mean(found) == pytest.approx(20 / 2000, rel=0.15)


@pytest.mark.filterwarnings("error:The least populated class")
def test_few_showers_are_classified_without_a_warning():
    random = np.random.default_rng(1)
    found = classify(random.normal(size=(20, 4)), random.normal(size=(12, 4)), seeds=2)
    assert np.isfinite([found.auc, found.jsd]).all()


def test_classifier_finds_the_auc_of_two_shifted_gaussians():
    random, distance = np.random.default_rng(1), 1.5
    found = classify(
        random.normal((distance, 0), size=(1500, 2)), random.normal(size=(1500, 2)), seeds=2
    )
    assert found.auc == pytest.approx(norm.cdf(distance / np.sqrt(2)), abs=0.03)
    assert found.jsd == pytest.approx(0.319, abs=0.05)  # integrated numerically


def test_classifier_guesses_between_equal_samples():
    found = classify(*np.random.default_rng(2).normal(size=(2, 800, 3)), seeds=2)
    assert found.auc == pytest.approx(0.5, abs=0.06)
    assert abs(found.jsd) < 0.05
    assert divergence(np.log(2)) == 0
    assert divergence(0.0) == 1


def test_a_network_that_is_too_sure_does_not_hide_the_divergence():
    """Many features and few samples: trained to the end it knows its own half by heart."""
    random = np.random.default_rng(3)
    made, mc = random.normal(0.12, size=(400, 300)), random.normal(size=(400, 300))
    found = classify(made, mc, seeds=2)
    assert found.auc > 0.8
    assert found.jsd > 0.15


def test_moments_of_a_histogram_are_those_of_its_entries():
    entries = np.random.default_rng(1).binomial(24, 0.3, 5000)
    counts = np.bincount(entries, minlength=25)[None].astype(float)
    first, second, third, fourth = profile_moments(counts)[0]
    assert (first, second) == pytest.approx((entries.mean(), entries.var()))
    assert third / second**1.5 == pytest.approx(skew(entries))
    assert fourth / second**2 == pytest.approx(kurtosis(entries, fisher=False))


def test_a_shower_without_energy_has_no_moments():
    assert np.isnan(profile_moments(np.zeros((1, 5)))).all()


def test_core_leaves_tails_out():
    values = np.random.default_rng(1).normal(1.0, 0.1, 4000)
    mu, sigma = core(np.concatenate([values, np.full(200, 5.0)]))
    assert mu == pytest.approx(1.0, abs=0.01)
    assert 0.07 < sigma < 0.1  # the shortest 90% of a Gaussian: 0.79 sigma


def test_the_resolution_fit_finds_its_own_three_terms():
    energy = np.geomspace(1, 500, 12)
    resolution = np.sqrt(0.17**2 / energy + 0.05**2 / energy**2 + 0.01**2)
    points = CoreByEnergy(energy, np.ones(12), resolution, np.full(12, 1000))
    fit = fit_resolution(points)
    assert fit is not None
    assert (fit.stochastic, fit.noise_GeV, fit.constant) == pytest.approx(
        (0.17, 0.05, 0.01), rel=1e-3
    )
    assert 0 < fit.errors[0] < 0.02


def test_the_line_through_the_deposited_energy_is_found():
    energy = np.linspace(10, 100, 6)
    points = CoreByEnergy(energy, 0.024 - 0.003 / energy, np.full(6, 1e-3), np.full(6, 100))
    assert fit_linearity(points) == pytest.approx((0.024, -0.003))
