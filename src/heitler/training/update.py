"""What an update of the cycle goes through: begun, travelling, done."""

from typing import NamedTuple, TypeAlias

import tensorflow as tf

from heitler.training.batch import Events
from heitler.training.objectives import Update

Tensor: TypeAlias = tf.Tensor


class Sums(NamedTuple):
    """What one update adds up over groups and workers."""

    gradients: list[Tensor]
    statistics: list[Tensor]
    """Moving averages of batch norm, divided by the number of groups."""
    losses: dict[str, Tensor]
    noise: Tensor
    """(2,) squared norm of the group's gradient and 1 / events, divided by the number of groups."""
    asked: Tensor
    """(2,) as in `CycleBatch`; it travels with the gradients, so that agreeing costs nothing."""


class Begun(NamedTuple):
    """One group's part of an update as far as it needs no weights of the update before."""

    statistics: list[Tensor]
    """The moving averages of the generator's batch norm before it, if the generator learns."""
    events: Events
    tape: tf.GradientTape
    showers: list[Tensor]


class Travelling(NamedTuple):
    """An update whose sums over the workers are being made."""

    update: Update
    sums: Sums
    ready: Tensor
    """When this worker's were there: s on the clock of `time.time`."""


class Done(NamedTuple):
    """An update."""

    sums: Sums
    """Over all workers."""
    norms: Tensor
    """(3,) as in `CycleResult`."""
    times: Tensor
    """(2,) as in `CycleResult.reductions`."""
