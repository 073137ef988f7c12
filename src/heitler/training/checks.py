"""Reasons to stop a training that cannot succeed."""

import numpy as np
from numpy.typing import NDArray

from heitler.errors import HeitlerError
from heitler.training.batch import CycleResult
from heitler.training.tally import named_losses


class TrainingError(HeitlerError):
    """Training cannot go on: a loss is not finite, the generator is dead, events were lost."""


def check_result(result: CycleResult, cycle: int) -> CycleResult:
    """Stop as soon as going on is pointless; equal on all workers, as the losses are.

    Raises:
        TrainingError: if a loss is not finite or every generated shower is empty.
    """
    wrong = [name for name, loss in named_losses(result).items() if not np.isfinite(loss)]
    if wrong:
        raise TrainingError(
            f"cycle {cycle}: {', '.join(wrong)} is not finite. Training cannot go on. "
            "Lower train.learning_rate, or look at the figures of the data in reports/prepare."
        )
    if float(result.empty_fraction) == 1.0:
        raise TrainingError(
            f"cycle {cycle}: every generated shower is empty; the generator is dead. "
            "Lower train.learning_rate or train.loss_weights.ecal_sum, or change train.seed."
        )
    return result


def check_coverage(seen: NDArray[np.int64], expected: NDArray[np.int64], epoch: int) -> None:
    """Check that all workers together saw every training event exactly once: ids (N,), (N,).

    Raises:
        TrainingError: if not.
    """
    if not np.array_equal(np.sort(seen), np.sort(expected)):
        raise TrainingError(
            f"epoch {epoch + 1}: the workers saw {len(np.unique(seen))} different events in "
            f"{len(seen)} reads, not each of {len(expected)} once. Sharding is broken."
        )
