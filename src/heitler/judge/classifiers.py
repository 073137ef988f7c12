"""CaloChallenge's three classifiers: dense on high-level features, dense on cells, ResNet on cells.

Inputs: `high`, high-level features of every layer [heitler.validation.trees.layer_features];
`cells`, all cells over the primary energy; `cnn`, log10(1 + cell / 1 keV) as an image. All see
log10 of the primary energy. Numbers are scaled by what the training showers have; cells that none
of them hits are left out of `cells`, whose weights they would never change.

Forms of the networks as in CaloChallenge [arXiv:2410.21611]: dense layers with LeakyReLU; residual
blocks [K. He et al., arXiv:1512.03385].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

import heitler.base.lean_keras  # noqa: F401  (first: a quicker import of Keras)
from heitler.config import ClassifierConfig
from heitler.judge.fitting import Fitted, Inputs, Schedule, fit_and_ask
from heitler.judge.samples import Pool, Rows, Split, split

# isort: split

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


# isort: split


Build = Callable[[Pool, Split, ClassifierConfig], tuple[keras.Model, Inputs]]

LOG_UNIT_GEV = 1e-6
SMALLEST_BATCH = 32
"""Smaller ones cost as much each and learn less."""
SMALLEST_SPREAD = 1e-6
"""Relative; what spreads less is constant."""
LOG_RANGE = 3.0
"""Divides the decades above `LOG_UNIT_GEV`, so that a cell of typical energy is about 1."""


def train_classifier(
    name: str,
    pool: Pool,
    of_each: int,
    config: ClassifierConfig,
    seed: int,
    advance: Callable[[], Any] = lambda: None,
) -> Fitted:
    """One training of one of `CLASSIFIERS` on so many showers of each kind, a split of its own.

    `advance` is called after every epoch.
    """
    keras.utils.set_random_seed(seed)
    dealt = split(pool, of_each, seed)
    network, inputs = CLASSIFIERS[name].build(pool, dealt, config)
    schedule = CLASSIFIERS[name].schedule(config, len(dealt.seen))
    return fit_and_ask(network, inputs, pool.label, dealt, schedule, seed, advance)


def most_epochs(name: str, config: ClassifierConfig) -> int:
    """Epochs of one training, at most: for a progress bar."""
    return CLASSIFIERS[name].schedule(config, 1).epochs


@dataclass(frozen=True)
class _Classifier:
    build: Build
    schedule: Callable[[ClassifierConfig, int], Schedule]


def _high(pool: Pool, dealt: Split, config: ClassifierConfig) -> tuple[keras.Model, Inputs]:
    rows = np.column_stack([pool.showers.layers, _log_energy(pool)])
    scaled = _standardised(rows.astype(np.float32), dealt.seen)
    network = build_dense(scaled.shape[1], config.dense_hidden)
    return network, lambda chosen: tf.constant(scaled[chosen])


def _cells(pool: Pool, dealt: Split, config: ClassifierConfig) -> tuple[keras.Model, Inputs]:
    cells = pool.showers.cells_GeV.reshape(len(pool.label), -1)
    per_GeV = (1 / pool.showers.primary_energy_GeV).astype(np.float32)
    ever_hit = np.zeros(cells.shape[1], bool)
    total, hits = 0.0, 0
    for piece in np.array_split(dealt.seen, max(1, len(dealt.seen) // 256)):
        fractions = cells[piece] * per_GeV[piece, None]
        ever_hit |= (fractions > 0).any(axis=0)
        total += float((fractions.astype(np.float64) ** 2).sum())
        hits += int((fractions > 0).sum())
    used = np.flatnonzero(ever_hit)
    scale = np.float32(1 / np.sqrt(total / hits)) if hits else np.float32(1)
    energy = _standardised(_log_energy(pool)[:, None].astype(np.float32), dealt.seen)

    def inputs(chosen: Rows) -> tf.Tensor:
        fractions = cells[chosen][:, used] * (per_GeV[chosen, None] * scale)
        return tf.constant(np.concatenate([fractions, energy[chosen]], axis=1))

    return build_dense(len(used) + 1, config.dense_hidden), inputs


def _cnn(pool: Pool, dealt: Split, config: ClassifierConfig) -> tuple[keras.Model, Inputs]:
    energy = _standardised(_log_energy(pool)[:, None].astype(np.float32), dealt.seen)

    def inputs(chosen: Rows) -> list[tf.Tensor]:
        cells = pool.showers.cells_GeV[chosen][..., None]
        image = np.log10(1 + cells / np.float32(LOG_UNIT_GEV)) / np.float32(LOG_RANGE)
        return [tf.constant(image), tf.constant(energy[chosen])]

    x, y, z = pool.showers.cells_GeV.shape[1:]
    return build_resnet((x, y, z), config.resnet_channels), inputs


def _dense_schedule(config: ClassifierConfig, showers: int) -> Schedule:
    return Schedule(
        config.dense_learning_rate,
        max(SMALLEST_BATCH, round(showers / config.dense_batches)),
        config.dense_epochs,
        config.dense_patience,
    )


def _resnet_schedule(config: ClassifierConfig, showers: int) -> Schedule:
    return Schedule(
        config.resnet_learning_rate,
        config.resnet_batch_size,
        config.resnet_epochs,
        config.resnet_patience,
    )


CLASSIFIERS = {
    "high": _Classifier(_high, _dense_schedule),
    "cells": _Classifier(_cells, _dense_schedule),
    "cnn": _Classifier(_cnn, _resnet_schedule),
}


def _log_energy(pool: Pool) -> NDArray[np.float64]:
    return np.log10(pool.showers.primary_energy_GeV)


def _standardised(rows: NDArray[np.float32], seen: Rows) -> NDArray[np.float32]:
    """Less the mean, over the standard deviation, of the training showers; constants become 0."""
    mean, spread = rows[seen].mean(axis=0), rows[seen].std(axis=0)
    spread[spread <= SMALLEST_SPREAD * (np.abs(mean) + 1)] = 1
    scaled: NDArray[np.float32] = ((rows - mean) / spread).astype(np.float32)
    return scaled
