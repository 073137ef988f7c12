"""The losses are those of the published code, and sum to the global mean over workers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from heitler.config import LossWeights
from heitler.model.losses import (
    absolute_percentage_error,
    binary_cross_entropy,
    cell_sum,
    measured_theta,
    weighted_total,
)

RANDOM = np.random.default_rng(3)
TARGET = RANDOM.uniform(0.1, 5, (6, 1)).astype(np.float32)
VALUE = RANDOM.uniform(0.1, 5, (6, 1)).astype(np.float32)
LABEL = np.array([[1], [0], [1], [1], [0], [0]], np.float32)


def test_percentage_error_is_that_of_keras() -> None:
    ours = float(absolute_percentage_error(TARGET, VALUE, 6.0))
    keras_loss = keras.losses.MeanAbsolutePercentageError()(TARGET, VALUE)
    assert ours == pytest.approx(float(keras_loss), rel=1e-6)


def test_cross_entropy_is_that_of_keras() -> None:
    ours = float(binary_cross_entropy(LABEL, VALUE, 6.0))
    keras_loss = keras.losses.BinaryCrossentropy(from_logits=True)(LABEL, VALUE)
    assert ours == pytest.approx(float(keras_loss), rel=1e-6)


@pytest.mark.parametrize("loss", [absolute_percentage_error, binary_cross_entropy])
def test_uneven_shares_of_workers_sum_to_the_mean_of_all(loss: object) -> None:
    assert callable(loss)
    whole = float(loss(LABEL, VALUE, 6.0))
    parts = float(loss(LABEL[:2], VALUE[:2], 6.0)) + float(loss(LABEL[2:], VALUE[2:], 6.0))
    assert whole == pytest.approx(parts, rel=1e-6)


def test_total_is_the_weighted_sum() -> None:
    weights = LossWeights(real_fake=6, primary_energy=0.2, ecal_sum=0.1, theta=25)
    losses = {"real_fake": tf.constant(1.0), "ecal_sum": tf.constant(30.0)}
    assert float(weighted_total(losses, weights)) == pytest.approx(6 + 3)


def test_cell_sum_adds_all_cells() -> None:
    cells = np.ones((2, 3, 4, 5, 1), np.float32)
    assert np.array_equal(cell_sum(cells), [[60], [60]])


def line_shower(slope: float) -> np.ndarray:
    """A thin shower in a (41, 41, 25) image, `slope` cells along y per layer."""
    cells = np.zeros((1, 41, 41, 25, 1), np.float32)
    for layer in range(25):
        y = 20 + slope * (layer - 12)
        low = int(np.floor(y))
        cells[0, 20, low, layer, 0] = 1 - (y - low)
        cells[0, 20, low + 1, layer, 0] = y - low
    return cells


@pytest.mark.parametrize("slope", [0.0, 0.25, -0.5, 1.0])
def test_angle_of_a_line_of_cells_is_measured(slope: float) -> None:
    expected = np.pi / 2 - np.arctan(slope)
    # The layer of the barycentre itself has no slope and counts as 90 degrees, as published.
    assert float(measured_theta(line_shower(slope))[0, 0]) == pytest.approx(expected, abs=0.04)


def test_angle_of_an_empty_image_is_finite() -> None:
    assert float(measured_theta(np.zeros((1, 5, 5, 5, 1), np.float32))[0, 0]) == 0
