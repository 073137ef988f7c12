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


def check_coverage(
    seen: NDArray[np.int64], events: NDArray[np.int64], expected: int, epoch: int
) -> None:
    """Check that all workers together saw as many different events as they should.

    Args:
        seen: (n,) ids that the workers used.
        events: (N,) ids of the training set.
        expected: N for a whole epoch, less for one that `train.cycles` ends early.
        epoch: counted from 0.

    Raises:
        TrainingError: if an event was lost or seen twice.
    """
    different = np.unique(seen)
    if len(seen) != expected or len(different) != expected or not np.isin(seen, events).all():
        raise TrainingError(
            f"epoch {epoch + 1}: the workers saw {len(different)} different events in "
            f"{len(seen)} reads, not {expected} of the training set's {len(events)} once each. "
            "Sharding is broken."
        )
