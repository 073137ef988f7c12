"""Training stops, with a reason, when going on is pointless."""

import math

import numpy as np
import pytest

from heitler.training.cycle import CycleResult
from heitler.training.epoch import TrainingError, check_coverage, check_result


def result(total: float = 1.0, empty: float = 0.5) -> CycleResult:
    return CycleResult({"generator_1": {"total": total}}, empty, 0.0, {}, 0.0)


def test_a_healthy_cycle_passes() -> None:
    assert check_result(result(), 3) == result()


@pytest.mark.parametrize("total", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_named(total: float) -> None:
    with pytest.raises(TrainingError, match=r"cycle 3: generator_1_total is not finite.*Lower"):
        check_result(result(total=total), 3)


def test_a_generator_of_only_empty_showers_is_called_dead() -> None:
    with pytest.raises(TrainingError, match="cycle 3: every generated shower is empty"):
        check_result(result(empty=1.0), 3)


@pytest.mark.parametrize("seen", [[1, 2], [1, 2, 2], [1, 2, 3, 3], [1, 2, 4]])
def test_lost_repeated_or_foreign_events_are_an_error(seen: list[int]) -> None:
    different = len(set(seen))
    with pytest.raises(TrainingError, match=rf"epoch 1: .* {different} different .*not 3 of"):
        check_coverage(np.array(seen), np.array([3, 1, 2]), expected=3, epoch=0)


def test_an_epoch_that_ends_early_sees_different_events() -> None:
    check_coverage(np.array([3, 1]), np.array([3, 1, 2]), expected=2, epoch=0)
    with pytest.raises(TrainingError, match="1 different events in 2 reads, not 2 of"):
        check_coverage(np.array([3, 3]), np.array([3, 1, 2]), expected=2, epoch=0)
