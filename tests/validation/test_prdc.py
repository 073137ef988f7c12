"""Precision, recall, density and coverage: in the same places, elsewhere, in part of them."""

import numpy as np
import pytest

from heitler.validation.neighbours import NAMES, prdc

RANDOM = np.random.default_rng(1)


def test_a_sample_lies_where_it_lies_itself():
    sample = RANDOM.normal(size=(300, 4))
    found = prdc(sample, sample + 1e-9)
    assert {name: found[name] for name in ("precision", "recall", "coverage")} == {
        "precision": 1, "recall": 1, "coverage": 1,
    }  # fmt: skip


def test_samples_far_apart_have_nothing_in_common():
    sample = RANDOM.normal(size=(100, 4))
    assert prdc(sample + 100, sample) == dict.fromkeys(NAMES, 0.0)


def test_a_generator_of_one_half_is_precise_but_recalls_and_covers_half():
    truth = RANDOM.normal(size=(1000, 2))
    half = RANDOM.normal(size=(4000, 2))
    half = half[half[:, 0] > 0]
    found = prdc(half, truth)
    assert found["precision"] > 0.95
    assert found["recall"] == pytest.approx(0.5, abs=0.07)
    assert found["coverage"] == pytest.approx(0.5, abs=0.07)


def test_density_counts_every_true_ball_around_a_generated_one():
    truth = np.arange(4.0)[:, None]
    found = prdc(np.array([[1.4], [1.6], [9.0]]), truth, k=1)  # balls reach 1 to either side
    assert found["density"] == pytest.approx((2 + 2 + 0) / 3)
    assert found["precision"] == pytest.approx(2 / 3)


def test_too_few_showers_have_no_neighbours():
    assert np.isnan(prdc(np.zeros((5, 2)), np.zeros((100, 2)))["recall"])
