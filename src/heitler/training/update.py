"""An update of the cycle, and what it goes through: begun, travelling, done."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import keras
import tensorflow as tf

from heitler.training.batch import Events

Tensor: TypeAlias = tf.Tensor
Losses = Callable[[list[Tensor], Events, Tensor], dict[str, Tensor]]
"""Showers, events and the size of the global batch -> losses by name; "total" is what is minimised,
and "empty" the part of the fakes (of the real showers) that deposit nothing."""


class Update(NamedTuple):
    """What one update of a cycle does."""

    network: keras.Model
    """That learns."""
    showers: Callable[[Events], list[Tensor]]
    """What is judged, (n, X, Y, Z, 1) in cell units each: the real showers, or the generator's."""
    losses: Losses


def real_showers(events: Events) -> list[Tensor]:
    """As `Update.showers`, of the events themselves."""
    return [events.cells]


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
