"""The profiles see wrong shapes, each along its own axis."""

import dataclasses

import numpy as np
import pytest

from heitler.data.observables import measure
from heitler.validation.profiles import mean_profile, profile_error, relative_difference


def errors(defective, truth):
    """Profile error along x, y and z."""
    a, b = measure(defective), measure(truth)
    return [
        profile_error(getattr(a, name), getattr(b, name))
        for name in ("transverse_x", "transverse_y", "longitudinal")
    ]


def with_cells(showers, cells):
    return dataclasses.replace(showers, cells_GeV=cells)


def test_shifted_layers_change_the_longitudinal_profile_only(showers):
    truth = showers(200, 1)
    x, y, z = errors(with_cells(truth, np.roll(truth.cells_GeV, 1, axis=3)), truth)
    assert z > 0.2
    assert x == pytest.approx(0, abs=1e-6)
    assert y == pytest.approx(0, abs=1e-6)


def test_swapped_transverse_axes_change_both_transverse_profiles(showers):
    truth = showers(200, 1)
    x, y, z = errors(with_cells(truth, truth.cells_GeV.transpose(0, 2, 1, 3)), truth)
    assert x > 0.3
    assert y > 0.3
    assert z == pytest.approx(0, abs=1e-6)


def test_a_wrong_energy_scale_leaves_the_shape_alone(showers):
    truth = showers(200, 1)
    scaled = with_cells(truth, 1.3 * truth.cells_GeV)
    assert errors(scaled, truth) == pytest.approx([0, 0, 0], abs=1e-5)
    difference, _ = relative_difference(
        mean_profile(measure(scaled).longitudinal), mean_profile(measure(truth).longitudinal)
    )
    np.testing.assert_allclose(difference, 0.3, rtol=1e-4)


def test_floor_falls_as_samples_grow(showers):
    small = np.mean([errors(showers(20, s), showers(20, s + 50)) for s in range(5)])
    large = np.mean([errors(showers(320, s), showers(320, s + 50)) for s in range(5)])
    assert 0 < large < 0.5 * small


def test_difference_of_two_samples_of_one_distribution_is_zero_within_its_errors(showers):
    difference, error = relative_difference(
        mean_profile(measure(showers(400, 1)).longitudinal),
        mean_profile(measure(showers(400, 2)).longitudinal),
    )
    # Layers are correlated through the depth of the maximum; 12 of them within 4 sigma is safe.
    assert np.all(np.abs(difference) < 4 * error)


def test_a_generator_that_deposits_nothing_has_no_shape(showers):
    truth = showers(50, 1)
    assert np.isnan(errors(with_cells(truth, 0 * truth.cells_GeV), truth)).all()
