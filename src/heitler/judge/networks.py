"""The classifiers' networks: two dense layers, and a ResNet in three dimensions.

Forms as in CaloChallenge [arXiv:2410.21611]: dense layers with LeakyReLU; residual blocks [K. He
et al., arXiv:1512.03385] with 3D convolutions, here with few channels and a first step of two
cells, so that CPUs train it in minutes.
"""

from collections.abc import Sequence

import heitler.base.lean_keras  # noqa: F401  (first: a quicker import of Keras)

# isort: split
import keras
from keras import layers

SLOPE = 0.01
FIRST_KERNEL, FIRST_STRIDE = 4, 2
MOMENTUM = 0.9
"""Momentum of batch norm's moving averages; the default, 0.99, is for longer trainings."""
HEAD = 64


def build_dense(features: int, hidden: Sequence[int]) -> keras.Model:
    """Features (B, F) -> logit (B, 1)."""
    rows = keras.Input((features,))
    inside = rows
    for width in hidden:
        inside = layers.LeakyReLU(negative_slope=SLOPE)(layers.Dense(width)(inside))
    return keras.Model(rows, layers.Dense(1)(inside))


def build_resnet(image_shape: tuple[int, int, int], channels: Sequence[int]) -> keras.Model:
    """Images (B, X, Y, Z, 1) and energies (B, 1) -> logit (B, 1).

    One residual block per number of channels; all but the first halve the image.
    """
    image, energy = keras.Input((*image_shape, 1)), keras.Input((1,))
    inside = layers.ReLU()(_convolution(image, channels[0], FIRST_KERNEL, FIRST_STRIDE))
    for place, width in enumerate(channels):
        inside = _block(inside, width, stride=1 if place == 0 else 2)
    pooled = layers.Concatenate()([layers.GlobalAveragePooling3D()(inside), energy])
    head = layers.LeakyReLU(negative_slope=SLOPE)(layers.Dense(HEAD)(pooled))
    return keras.Model([image, energy], layers.Dense(1)(head))


def _block(inside: keras.KerasTensor, width: int, stride: int) -> keras.KerasTensor:
    same = stride == 1 and inside.shape[-1] == width
    beside = inside if same else _convolution(inside, width, 1, stride)
    through = layers.ReLU()(_convolution(inside, width, 3, stride))
    return layers.ReLU()(layers.Add()([beside, _convolution(through, width, 3, 1)]))


def _convolution(
    inside: keras.KerasTensor, width: int, kernel: int, stride: int
) -> keras.KerasTensor:
    convolved = layers.Conv3D(width, kernel, strides=stride, padding="same", use_bias=False)(inside)
    return layers.BatchNormalization(momentum=MOMENTUM)(convolved)
