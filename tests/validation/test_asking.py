"""What answers are worth, and what guesses look like."""

import numpy as np
import pytest

from heitler.validation.classifier import (
    Answers,
    calibrated_divergence,
    guessing,
    guessing_auc_error,
)


def gaussians(n: int, seed: int, distance: float) -> Answers:
    random = np.random.default_rng(seed)
    label = np.repeat([0, 1], n)
    return Answers(random.normal(size=2 * n) + distance * label, label)


def test_guesses_scatter_as_the_rank_sum_says():
    found = guessing(choice=50, asked=80, seed=1)
    assert found["auc"].mean() == pytest.approx(0.5, abs=0.02)
    assert found["auc"].std() == pytest.approx(guessing_auc_error(80), rel=0.2)


def test_more_showers_make_guesses_less_noisy():
    assert guessing_auc_error(1000) == pytest.approx(guessing_auc_error(10) / 10, rel=0.03)


def test_divergence_of_shifted_gaussians_is_found_whatever_the_scale_of_the_output():
    choice, asked = gaussians(4000, 1, 2.0), gaussians(4000, 2, 2.0)
    found = calibrated_divergence(choice, asked)
    assert found == pytest.approx(0.486, abs=0.03)  # Jensen-Shannon divergence, by integration
    stretched = [Answers(np.exp(a.output), a.label) for a in (choice, asked)]
    assert calibrated_divergence(*stretched) == pytest.approx(found)


def test_a_classifier_that_is_always_right_on_few_showers_is_not_infinitely_sure():
    perfect = gaussians(20, 1, 100.0)
    assert 0.8 < calibrated_divergence(perfect, perfect) < 1
