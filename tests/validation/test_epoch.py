"""The cheap numbers of an epoch see what the card sees."""

import numpy as np
import pytest

from heitler.validation.epoch import epoch_check


def test_right_showers_score_near_zero_and_wrong_energy_counts(showers):
    truth = showers(200, 1)
    check = epoch_check(truth, (10.0, 100.0), 3, "uniform")
    same, hot = check(truth.cells_GeV, None), check(1.5 * truth.cells_GeV, truth.cells_GeV)
    assert same["selection_score"] == pytest.approx(0, abs=1e-6)
    assert same["offset_MeV"] == pytest.approx(0, abs=1e-3)
    assert hot["response_worst_deviation"] == pytest.approx(0.5, rel=1e-4)
    assert hot["training_mode_response_worst_deviation"] == pytest.approx(0, abs=1e-6)
    assert "training_mode_response_worst_deviation" not in same


def test_a_generator_that_deposits_nothing_has_the_worst_score_and_no_made_up_numbers(showers):
    truth = showers(50, 1)
    found = epoch_check(truth, (10.0, 100.0), 3, "uniform")(0 * truth.cells_GeV, None)
    assert 3.8 < found["selection_score"] <= 4  # 1 + 2, and S(Esum) of at most 1
    assert "longitudinal_profile_error" not in found
    assert np.isfinite(list(found.values())).all()
