"""Floating-point operations of a training cycle per shower: as published, and as ours runs it.

Counted are the multiplications and additions of convolutions, dense layers and transforms. A
convolution's gradients with respect to its input and its kernel each cost as much as itself.
"""

import math
from dataclasses import dataclass

from heitler.config import Config
from heitler.detector import image_shape
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size, output_size
from heitler.model.convolutions import FoldedUpsamplingConv3D
from heitler.model.phases import fold_axes, single_cells
from heitler.model.published_networks import fast_convolution
from heitler.model.spectral import SpectralConv3D, multiplications


@dataclass(frozen=True)
class Cost:
    """Giga-operations per shower: of the products with the kernel, and of transforms."""

    products: float
    transforms: float = 0.0

    @property
    def forward(self) -> float:
        return self.products + self.transforms

    @property
    def training(self) -> float:
        """Forward, and backward to input and kernel: the latter reuses the transforms."""
        return 3 * self.products + 2 * self.transforms


def flops_per_shower(config: Config) -> dict[str, float]:
    """Giga-operations of one cycle per shower."""
    return {form: _cycle(config, fast=form == "executed") for form in ("as_published", "executed")}


def layer_costs(config: Config, *, fast: bool) -> dict[tuple[str, str], float]:
    """Giga-operations of one direction per shower, by network and layer."""
    architecture, shape = ARCHITECTURES[config.model.network], image_shape(config.detector)
    base = base_size(architecture.generator, shape)
    costs = {
        "generator": _layers(architecture.generator, base, architecture.base_channels, fast),
        "discriminator": _layers(architecture.discriminator, shape, 1, fast),
    }
    return {
        (network, f"conv_{number}"): cost.forward
        for network, layers in costs.items()
        for number, cost in enumerate(layers, start=1)
    }


def _cycle(config: Config, fast: bool) -> float:
    """D twice, the generator's inference, and G through D for each of its updates."""
    model, shape = config.model, image_shape(config.detector)
    architecture = ARCHITECTURES[model.network]
    base = base_size(architecture.generator, shape)
    channels = architecture.base_channels
    dense = Cost(2e-9 * model.latent_dim * math.prod(base) * channels)
    generator = [dense, *_layers(architecture.generator, base, channels, fast)]
    features = math.prod(n // 2 for n in output_size(architecture.discriminator, shape))
    heads = Cost(2e-9 * 2 * features * architecture.discriminator[-1].filters)
    image, *rest = [*_layers(architecture.discriminator, shape, 1, fast), heads]
    judge = image.forward + sum(layer.forward for layer in rest)
    # The image needs no gradient when D learns, the latent vector none when G learns.
    judge_learns = sum(layer.training for layer in rest) + 2 * image.products
    generator_learns = sum(layer.training for layer in generator) - dense.products
    judge_passes_on = 2 * judge
    updates = config.train.generator_updates_per_cycle
    inference = sum(layer.forward for layer in generator)
    return 2 * judge_learns + inference + updates * (generator_learns + judge_passes_on)


def _layers(layers: tuple[Conv, ...], size: Size, channels: int, fast: bool) -> list[Cost]:
    costs = []
    for conv in layers:
        costs.append(_cost(conv, size, channels, fast))
        size, channels = conv.output_size(size), conv.filters
    return costs


def _cost(conv: Conv, size: Size, channels: int, fast: bool) -> Cost:
    made = conv.output_size(size)
    form = fast_convolution(conv, (*size, channels)) if fast else None
    weights = 2e-9 * channels * conv.filters
    if form is FoldedUpsamplingConv3D:
        folds = fold_axes(conv, single_cells(size))
        work = math.prod(fold.taps * fold.result.blocks for fold in folds)
        return Cost(weights * work * math.prod(conv.upsample))
    if form is SpectralConv3D:
        product, transforms = multiplications(conv, size, channels)
        return Cost(2e-9 * product, 2e-9 * transforms)
    return Cost(weights * math.prod(made) * math.prod(conv.kernel))
