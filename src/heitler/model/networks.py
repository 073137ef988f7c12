"""Generator and discriminator as Keras models, built for any detector's image shape.

`model.kernels` chooses how layers compute: "plain" as Keras does, "fast" by equal but cheaper
arithmetic (docs/performance.md). The functions from `_convolution` on hold that choice.
"""

import math
from typing import Any

import keras

from heitler.config import ConfigError, ModelConfig
from heitler.model.architectures import (
    ARCHITECTURES,
    Architecture,
    Conv,
    Size,
    base_size,
    check_discriminator_fits,
    output_size,
)
from heitler.model.batch_norm import FastBatchNormalization, SynchronisedBatchNormalization
from heitler.model.folded_upsampling import FoldedUpsamplingConv3D
from heitler.model.image_convolution import ImageConv3D
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.layered.network import build_layered_generator
from heitler.model.padded import PaddedConv3D
from heitler.model.quick_networks import build_quick_discriminator, build_quick_generator
from heitler.model.recipes import condition_count, recipe_of
from heitler.model.shower_generator import build_shower_generator, build_view_discriminator
from heitler.model.spectral import SpectralConv3D, multiplications

layers = keras.layers
SPECTRAL_PAYS_BELOW = 0.5
"""Share of multiplications left at which transforming costs less than it saves; measured."""


def noise_dim(model: ModelConfig) -> int:
    """Random numbers per shower: the latent vector less its conditions."""
    dim = model.latent_dim - condition_count(model)
    if dim < 1:
        raise ConfigError(
            f"model.latent_dim is {model.latent_dim}: no room for noise beside the "
            f"{model.latent_dim - dim} conditions of {model.network}. Published: 256."
        )
    return dim


def build_generator(
    model: ModelConfig, image_shape: Size, *, synchronised: bool = False
) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`.

    Batch norm may be synchronised over workers (`train.batch_norm`), for training.
    """
    recipe = recipe_of(model)
    norm = _batch_norm(model, synchronised) if recipe.generator_norm == "batch" else None
    match recipe.networks:
        case "layered":
            return build_layered_generator(model, image_shape)
        case "sampled cells":
            return build_shower_generator(model, image_shape)
        case "quick":
            return build_quick_generator(model, image_shape, norm)
    architecture = ARCHITECTURES[model.network]
    base = base_size(architecture.generator, image_shape)
    latent = keras.Input((model.latent_dim,), name="latent")
    x = layers.Dense(base[0] * base[1] * base[2] * architecture.base_channels, name="dense")(latent)
    x = layers.Reshape((*base, architecture.base_channels))(x)
    for index, conv in enumerate(architecture.generator, start=1):
        x = _generator_layer(x, conv, index, architecture, model, norm)
    made = output_size(architecture.generator, base)
    surplus = [m - wanted for m, wanted in zip(made, image_shape, strict=True)]
    if any(surplus):
        x = layers.Cropping3D([(s // 2, s - s // 2) for s in surplus], name="crop")(x)
    return keras.Model(latent, x, name="generator")


def _generator_layer(
    x: keras.KerasTensor,
    conv: Conv,
    index: int,
    architecture: Architecture,
    model: ModelConfig,
    norm: type[keras.layers.BatchNormalization] | None,
) -> keras.KerasTensor:
    initializer = "glorot_normal" if conv.last else "he_uniform"
    x = _convolution(x, conv, model, name=f"conv_{index}", kernel_initializer=initializer)
    leaky = architecture.leaky_generator and not conv.last
    x = layers.LeakyReLU(negative_slope=model.leaky_relu_slope)(x) if leaky else layers.ReLU()(x)
    if conv.batch_norm and norm:
        x = norm(epsilon=architecture.batch_norm_epsilon, name=f"batch_norm_{index}")(x)
    return x


def build_discriminator(
    model: ModelConfig, image_shape: Size, *, synchronised: bool = False
) -> keras.Model:
    """Cells (N, X, Y, Z, 1) -> (logit of being real (N, 1), primary energy (N, 1)).

    The primary energy is in units of `energy_unit_GeV`. The published sigmoid is in the loss,
    where it is numerically safer; the published third head, the sum of all cells, has no
    weights and is `heitler.model.losses.cell_sum`. Batch norm as in `build_generator`. In the
    recipe heitler: views -> logit, as `build_view_discriminator` says.
    """
    norm = _batch_norm(model, synchronised)
    match recipe_of(model).networks:
        case "sampled cells":
            return build_view_discriminator(model, image_shape)
        case "quick":
            return build_quick_discriminator(model, image_shape, norm)
    architecture = ARCHITECTURES[model.network]
    check_discriminator_fits(architecture.discriminator, image_shape)
    cells = keras.Input((*image_shape, 1), name="cells")
    x = cells
    for index, conv in enumerate(architecture.discriminator, start=1):
        x = _convolution(x, conv, model, name=f"conv_{index}")
        x = layers.LeakyReLU(negative_slope=model.leaky_relu_slope)(x)
        if conv.batch_norm:
            x = norm(epsilon=architecture.batch_norm_epsilon, name=f"batch_norm_{index}")(x)
        x = KeyedDropout(model.dropout, name=f"dropout_{index}")(x)
    x = layers.Flatten()(_average_pool(x))
    real_fake = layers.Dense(1, name="real_fake_logit")(x)
    primary_energy = layers.Dense(1, name="primary_energy")(x)
    return keras.Model(cells, [real_fake, primary_energy], name="discriminator")


def _convolution(
    x: keras.KerasTensor, conv: Conv, model: ModelConfig, **options: Any
) -> keras.KerasTensor:
    """Upsample, pad and convolve, in the form that `model.kernels` asks for."""
    options |= {"use_bias": conv.bias}
    fast = fast_convolution(conv, x.shape[1:]) if model.kernels == "fast" else None
    if fast:
        return fast(conv.filters, conv.kernel, conv.pad, conv.upsample, **options)(x)
    if conv.upsample != (1, 1, 1):
        x = layers.UpSampling3D(conv.upsample)(x)
    if conv.pad and any(conv.pad):
        x = layers.ZeroPadding3D(conv.pad)(x)
    padding = "same" if conv.pad is None else "valid"
    return layers.Conv3D(conv.filters, conv.kernel, padding=padding, **options)(x)


def fast_convolution(conv: Conv, shape: tuple[int, int, int, int]) -> type[PaddedConv3D] | None:
    """The rewrite that is fastest on input (X, Y, Z, C); None: Conv3D as it is."""
    x, y, z, channels = shape
    size = (x, y, z)
    if conv.upsample != (1, 1, 1):
        return FoldedUpsamplingConv3D
    if channels == 1:
        return ImageConv3D
    plain = math.prod(conv.kernel) * channels * conv.filters * math.prod(conv.output_size(size))
    spectral = sum(multiplications(conv, size, channels))
    return SpectralConv3D if spectral < SPECTRAL_PAYS_BELOW * plain else None


def _batch_norm(model: ModelConfig, synchronised: bool) -> type[keras.layers.BatchNormalization]:
    if synchronised:  # Keras has no form of it that works with Horovod
        return SynchronisedBatchNormalization
    return FastBatchNormalization if model.kernels == "fast" else layers.BatchNormalization


def _average_pool(x: keras.KerasTensor) -> keras.KerasTensor:
    """AveragePooling3D(2); in double precision, which TensorFlow's CPU kernel lacks, by hand."""
    if x.dtype != "float64":
        return layers.AveragePooling3D(2)(x)
    ends = [size // 2 * 2 for size in x.shape[1:4]]
    x = x[:, : ends[0] : 2] + x[:, 1 : ends[0] : 2]
    x = x[:, :, : ends[1] : 2] + x[:, :, 1 : ends[1] : 2]
    x = x[:, :, :, : ends[2] : 2] + x[:, :, :, 1 : ends[2] : 2]
    return x / 8
