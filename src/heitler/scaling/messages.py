"""How many bytes the workers exchange in a training cycle, from the networks' description."""

import math

from heitler.config import ModelConfig
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size, output_size
from heitler.model.dense_sizes import dense_parameter_counts
from heitler.model.layered.sizes import LayeredSizes
from heitler.model.recipes import has_theta, recipe_of

BYTES = 4
"""Gradients are exchanged in single precision."""
LOSSES = 5
"""Numbers that ride along with the gradients."""


def cycle_messages_B(
    model: ModelConfig, image_shape: Size, generator_updates: int
) -> tuple[int, ...]:
    """Bytes of each all-reduce of a cycle: D on real, D on fake, then G's updates.

    Each carries the gradients of the updated network, its batch-norm statistics, and the losses.
    The layered generator, without a discriminator, has one.
    """
    discriminator, generator = parameter_counts(model, image_shape)
    counts = (discriminator, discriminator, *(generator,) * generator_updates)
    if recipe_of(model).networks == "layered":
        counts = (generator,)
    return tuple(BYTES * (count + LOSSES) for count in counts)


def parameter_counts(model: ModelConfig, image_shape: Size) -> tuple[int, int]:
    """Parameters of discriminator and generator that travel, batch-norm statistics included."""
    match recipe_of(model).networks:
        case "layered":
            sizes = LayeredSizes(image_shape, has_theta(model), recipe_of(model).channels)
            return 0, sizes.parameters
        case "sampled cells":
            return dense_parameter_counts(model, image_shape)
    architecture = ARCHITECTURES[model.network]
    discriminator = architecture.discriminator
    final = output_size(discriminator, image_shape)
    pooled = math.prod(size // 2 for size in final) * discriminator[-1].filters
    heads = 2 * (pooled + 1)
    base = base_size(architecture.generator, image_shape)
    units = math.prod(base) * architecture.base_channels
    dense = (model.latent_dim + 1) * units
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
