"""The 3D convolutional networks as published, with 3DGAN's losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from heitler.design import Design
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size, output_size
from heitler.model.networks import Export, Family

if TYPE_CHECKING:
    import keras

    from heitler.config import LossWeights
    from heitler.model.gan import Gan
    from heitler.model.objective import Update


class Published(Family):
    """Of `heitler.model.published_networks`."""

    export: ClassVar[Export] = "convolutions"

    def build_generator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """As `Family.build_generator`."""
        from heitler.model.published_networks import build_published_generator

        return build_published_generator(design, image_shape, synchronised)

    def build_discriminator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """Cells (N, X, Y, Z, 1) -> (logit of being real (N, 1), primary energy (N, 1))."""
        from heitler.model.published_networks import build_published_discriminator

        return build_published_discriminator(design, image_shape, synchronised)

    def updates(self, gan: Gan, weights: LossWeights, count: int) -> dict[str, Update]:
        """Real/fake, primary and deposited energy, and the angle."""
        from heitler.model.published_objective import PublishedObjective

        return PublishedObjective(gan, weights).updates(count)

    def find_layers(self) -> None:
        """As `Family.find_layers`."""
        from heitler.model import published_networks  # noqa: F401

    def parameter_counts(self, design: Design, image_shape: Size) -> tuple[int, int]:
        """As `Family.parameter_counts`."""
        architecture = ARCHITECTURES[design.network]
        discriminator = architecture.discriminator
        final = output_size(discriminator, image_shape)
        pooled = math.prod(size // 2 for size in final) * discriminator[-1].filters
        heads = 2 * (pooled + 1)
        base = base_size(architecture.generator, image_shape)
        units = math.prod(base) * architecture.base_channels
        dense = (design.latent_dim + 1) * units
        return (
            _convolutions(discriminator, 1) + heads,
            dense + _convolutions(architecture.generator, architecture.base_channels),
        )


def _convolutions(layers: tuple[Conv, ...], channels: int) -> int:
    total = 0
    for layer in layers:
        total += math.prod(layer.kernel) * channels * layer.filters
        total += layer.filters * (layer.bias + 4 * layer.batch_norm)
        channels = layer.filters
    return total


FAMILY = Published()
