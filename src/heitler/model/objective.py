"""What an update of a cycle minimises: its form, and the events that it is about."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import keras
import tensorflow as tf

from heitler.model.gan import Gan, latent_vector

Tensor: TypeAlias = tf.Tensor


class Fakes(NamedTuple):
    """What the fakes of U generator calls are asked to be."""

    noise: Tensor  # (n, U, noise_dim)
    energy: Tensor  # (n, U, 1) in energy_unit_GeV
    theta: Tensor  # (n, U, 1) rad
    target_ecal_sum: Tensor  # (n, U, 1) in cell_unit_GeV
    target_theta: Tensor  # (n, U, 1) rad, as measured_theta measures it


class Events(NamedTuple):
    """n events, real showers and the fakes that go with them."""

    cells: Tensor  # (n, X, Y, Z, 1) in cell_unit_GeV
    energy: Tensor  # (n, 1) in energy_unit_GeV
    theta: Tensor  # (n, 1) rad, as measured_theta measures it
    real_label: Tensor  # (n, 1) 1, flipped now and then
    fake_label: Tensor  # (n, 1) 0, flipped now and then
    fakes: Fakes


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


class Adversarial(ABC):
    """The objective of a family in which two networks compete."""

    def updates(self, count: int) -> dict[str, Update]:
        """By name and in order, with so many of the generator."""
        updates = {"discriminator_real": self.real(), "discriminator_fake": self.fake()}
        for number in range(1, count + 1):
            updates[f"generator_{number}"] = self.generated(number)
        return updates

    @abstractmethod
    def real(self) -> Update:
        """The discriminator's update on real showers."""

    @abstractmethod
    def fake(self) -> Update:
        """The discriminator's update on fakes."""

    @abstractmethod
    def generated(self, update: int) -> Update:
        """The generator's update of this number, counted from 1."""


def real_showers(events: Events) -> list[Tensor]:
    """As `Update.showers`, of the events themselves."""
    return [events.cells]


def generate(gan: Gan, events: Events, call: int, *, training: bool) -> Tensor:
    """The fakes of a generator call: (n, X, Y, Z, 1) in cell units."""
    fakes = events.fakes
    latent = latent_vector(
        gan.design, fakes.noise[:, call], fakes.energy[:, call], fakes.theta[:, call]
    )
    return gan.generator(latent, training=training)


def empty_share(ecal_sum: Tensor, count: Tensor) -> Tensor:
    """Showers (n, 1) without any energy, over the global batch."""
    return tf.reduce_sum(tf.cast(ecal_sum == 0, count.dtype)) / count
