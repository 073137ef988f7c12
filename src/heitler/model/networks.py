"""Families of networks: how they are built, learn, travel between workers and are exported.

A design names its family, which is the object `FAMILY` of a module in `heitler.model.families`.
Those modules import TensorFlow inside their functions, because programs that plan and count ask a
family too, and are not to wait for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Literal

from heitler.design import Design
from heitler.model.architectures import Size

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    from heitler.config import LossWeights
    from heitler.model.gan import Gan
    from heitler.model.objective import Update

FOLDER = "heitler.model.families."
Export = Literal["convolutions", "cells", "layers", "network"]
"""What a trained generator becomes for its users: rewritten convolutions, an ONNX graph of the
network that samples cells, weights and graph of the layered one, or Keras's own file alone. See
`heitler.generation.backends`."""


class Family(ABC):
    """Two networks that compete, unless a family says otherwise."""

    export: ClassVar[Export] = "network"
    has_discriminator: ClassVar[bool] = True

    @abstractmethod
    def build_generator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`.

        Batch norm may be synchronised over workers (`train.batch_norm`), for training.
        """

    @abstractmethod
    def build_discriminator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """What the objective asks; batch norm as in `build_generator`."""

    @abstractmethod
    def updates(self, gan: Gan, weights: LossWeights, count: int) -> dict[str, Update]:
        """The updates of a cycle by `update_names`, with so many of the generator."""

    @abstractmethod
    def parameter_counts(self, design: Design, image_shape: Size) -> tuple[int, int]:
        """Parameters of discriminator and generator that travel, batch-norm statistics included."""

    def begin(  # noqa: B027  most begin as they are made
        self, generator: keras.Model, design: Design, train_file: Path
    ) -> None:
        """Tell a new generator what can be measured on a prepared file of showers."""

    def find_layers(self) -> None:  # noqa: B027  most have none
        """Import the layers of its own that Keras is to find by name when it loads a file."""

    def update_names(self, count: int) -> list[str]:
        """In order; the network that learns stands before the first underline."""
        generators = [f"generator_{number}" for number in range(1, count + 1)]
        return ["discriminator_real", "discriminator_fake", *generators]

    def generator_calls(self, design: Design, count: int) -> int:
        """Fakes per real shower in a cycle: one for the discriminator, then the generator's."""
        return 1 + count * design.fakes_per_update


def family_of(design: Design) -> Family:
    """The family that a design names."""
    family: Family = import_module(FOLDER + design.networks.replace(" ", "_")).FAMILY
    return family


def build_generator(design: Design, image_shape: Size) -> keras.Model:
    """As `Family.build_generator`."""
    return family_of(design).build_generator(design, image_shape)


def build_discriminator(design: Design, image_shape: Size) -> keras.Model:
    """As `Family.build_discriminator`."""
    return family_of(design).build_discriminator(design, image_shape)
