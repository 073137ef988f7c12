"""FPD and KPD are jetnet's, number for number, and zero between equal Gaussians."""

import numpy as np
import pytest

from heitler.validation.frechet import (
    frechet_distance,
    frechet_physics_distance,
    kernel_physics_distance,
)
from tests.validation.jetnet_reference import correlated

JETNET_FPD = (0.04972511725507108, 0.0014289317100848007)
JETNET_KPD = (0.029919515999280666, 0.0074135791821616)
"""jetnet 0.2.5 on the samples below: tests/validation/jetnet_reference.py."""


def test_agree_with_jetnet_on_the_same_arrays():
    truth, generated = correlated(3000, 1, 0.0), correlated(3000, 2, 0.3)
    assert frechet_physics_distance(truth, generated, 1200, 3000) == pytest.approx(
        JETNET_FPD, rel=1e-4
    )
    assert kernel_physics_distance(truth, generated, 300) == pytest.approx(JETNET_KPD, rel=1e-6)


def test_shifted_gaussians_are_as_far_apart_as_their_means():
    sample = np.random.default_rng(1).normal(size=(500, 3))
    assert frechet_distance(sample, sample + np.array([3, 4, 0])) == pytest.approx(25)
