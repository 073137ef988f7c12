"""The published networks as Keras models, built for any detector's image shape.

`model.kernels` chooses how layers compute: "plain" as Keras does, "fast" by equal but cheaper
arithmetic (docs/performance.md). The functions from `_convolution` on hold that choice.
"""

import math
from typing import Any

import keras

from heitler.design import Design
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
from heitler.model.convolutions import FoldedUpsamplingConv3D, ImageConv3D, PaddedConv3D
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.spectral import SpectralConv3D, multiplications

layers = keras.layers
SPECTRAL_PAYS_BELOW = 0.5
"""Share of multiplications left at which transforming costs less than it saves; measured."""


def build_published_generator(design: Design, image_shape: Size, synchronised: bool) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`.

    Batch norm may be synchronised over workers (`train.batch_norm`), for training.
    """
    norm = batch_norm(design, synchronised) if design.generator_norm == "batch" else None
    architecture = ARCHITECTURES[design.network]
    base = base_size(architecture.generator, image_shape)
    latent = keras.Input((design.latent_dim,), name="latent")
    x = layers.Dense(base[0] * base[1] * base[2] * architecture.base_channels, name="dense")(latent)
    x = layers.Reshape((*base, architecture.base_channels))(x)
    for index, conv in enumerate(architecture.generator, start=1):
        x = _generator_layer(x, conv, index, architecture, design, norm)
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
    design: Design,
    norm: type[keras.layers.BatchNormalization] | None,
) -> keras.KerasTensor:
    initializer = "glorot_normal" if conv.last else "he_uniform"
    x = _convolution(x, conv, design, name=f"conv_{index}", kernel_initializer=initializer)
    leaky = architecture.leaky_generator and not conv.last
    x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x) if leaky else layers.ReLU()(x)
    if conv.batch_norm and norm:
        x = norm(epsilon=architecture.batch_norm_epsilon, name=f"batch_norm_{index}")(x)
    return x


def build_published_discriminator(
    design: Design, image_shape: Size, synchronised: bool
) -> keras.Model:
    """Cells (N, X, Y, Z, 1) -> (logit of being real (N, 1), primary energy (N, 1)).

    The primary energy is in units of `energy_unit_GeV`. The published sigmoid is in the loss,
    where it is numerically safer; the published third head, the sum of all cells, has no
    weights and is `heitler.model.losses.cell_sum`.
    """
    norm = batch_norm(design, synchronised)
    architecture = ARCHITECTURES[design.network]
    check_discriminator_fits(architecture.discriminator, image_shape)
    cells = keras.Input((*image_shape, 1), name="cells")
    x = cells
    for index, conv in enumerate(architecture.discriminator, start=1):
        x = _convolution(x, conv, design, name=f"conv_{index}")
        x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x)
        if conv.batch_norm:
            x = norm(epsilon=architecture.batch_norm_epsilon, name=f"batch_norm_{index}")(x)
        x = KeyedDropout(design.dropout, name=f"dropout_{index}")(x)
    x = layers.Flatten()(_average_pool(x))
    real_fake = layers.Dense(1, name="real_fake_logit")(x)
    primary_energy = layers.Dense(1, name="primary_energy")(x)
    return keras.Model(cells, [real_fake, primary_energy], name="discriminator")


def _convolution(
    x: keras.KerasTensor, conv: Conv, design: Design, **options: Any
) -> keras.KerasTensor:
    """Upsample, pad and convolve, in the form that `model.kernels` asks for."""
    options |= {"use_bias": conv.bias}
    fast = fast_convolution(conv, x.shape[1:]) if design.kernels == "fast" else None
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


def batch_norm(design: Design, synchronised: bool) -> type[keras.layers.BatchNormalization]:
    """The class of the layers that normalise."""
    if synchronised:  # Keras has no form of it that works with Horovod
        return SynchronisedBatchNormalization
    return FastBatchNormalization if design.kernels == "fast" else layers.BatchNormalization


def _average_pool(x: keras.KerasTensor) -> keras.KerasTensor:
    """AveragePooling3D(2); in double precision, which TensorFlow's CPU kernel lacks, by hand."""
    if x.dtype != "float64":
        return layers.AveragePooling3D(2)(x)
    ends = [size // 2 * 2 for size in x.shape[1:4]]
    x = x[:, : ends[0] : 2] + x[:, 1 : ends[0] : 2]
    x = x[:, :, : ends[1] : 2] + x[:, :, 1 : ends[1] : 2]
    x = x[:, :, :, : ends[2] : 2] + x[:, :, :, 1 : ends[2] : 2]
    return x / 8
