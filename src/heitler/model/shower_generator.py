"""The networks of the recipe `heitler`: a shower's expected image, then each cell's deposit.

    latent (energy, theta?, first `shape_noise` of the noise) -> two small dense layers
    -> RANK features
    expected deposit = energy * exp(t) * softmax over cells(features B + b)
    deposit = what `heitler.model.cell_noise` draws from it

b starts as the logarithm of the training set's mean shower, and t as that of its sampling
fraction: so the first shower has the mean shape and the mean energy, and what is learned is how
showers differ. There is no convolution: a shower stands at the same place in every image. The
discriminator is a small dense network on what `heitler.model.score_objective` measures.
"""

from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.cell_noise import HIT_GEV, CellDeposit, CellNoise
from heitler.model.dense_sizes import RANK, WIDTH, view_size

Tensor: TypeAlias = tf.Tensor
layers = keras.layers
SMALL = 0.03
"""Standard deviation of B at the start."""
NEVER = 1e-8
"""Part of the energy that a cell is expected to have at least, at the start."""


@keras.saving.register_keras_serializable("heitler")
class Condition(keras.layers.Layer):  # type: ignore[misc]
    """Latent vectors (N, L) -> (logarithm of the energy and the angle (N, C), noise, energy)."""

    def __init__(self, conditions: int, **options: Any) -> None:
        super().__init__(**options)
        self.conditions = conditions

    def call(self, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Energies in `energy_unit_GeV`."""
        energy, noise = latent[:, :1], latent[:, self.conditions :]
        rest = latent[:, 1 : self.conditions]
        return tf.concat([tf.math.log(energy), rest], axis=1), noise, energy

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        return {**super().get_config(), "conditions": self.conditions}


@keras.saving.register_keras_serializable("heitler")
class ExpectedShower(keras.layers.Layer):  # type: ignore[misc]
    """Logits (N, cells), log of the sampling fraction (N, 1), energy (N, 1) -> (N, X, Y, Z)."""

    def __init__(self, image_shape: Size, cells_per_energy: float, **options: Any) -> None:
        super().__init__(**options)
        self.image_shape = tuple(image_shape)
        self.cells_per_energy = cells_per_energy

    def call(self, inputs: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """In cell units."""
        logits, fraction, energy = inputs
        total = energy * self.cells_per_energy * tf.exp(fraction)
        return tf.reshape(total * tf.nn.softmax(logits), [-1, *self.image_shape])

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        own = {"image_shape": self.image_shape, "cells_per_energy": self.cells_per_energy}
        return {**super().get_config(), **own}


def build_shower_generator(design: Design, image_shape: Size) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`."""
    latent = keras.Input((design.latent_dim,), name="latent")
    condition, noise, energy = Condition(design.condition_count, name="condition")(latent)
    inputs = layers.Concatenate()([condition, noise[:, : design.shape_noise]])
    x = inputs
    for index in (1, 2):
        x = layers.Dense(WIDTH, name=f"dense_{index}")(x)
        x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x)
    features = layers.Dense(RANK, name="features")(layers.Concatenate()([x, inputs]))
    small = keras.initializers.RandomNormal(stddev=SMALL)
    logits = layers.Dense(int(np.prod(image_shape)), kernel_initializer=small, name="cells")
    fraction = layers.Dense(1, kernel_initializer="zeros", name="fraction")
    units = design.energy_unit_GeV / design.cell_unit_GeV
    expected = ExpectedShower(image_shape, units, name="expected")(
        (logits(features), fraction(layers.Concatenate()([x, condition])), energy)
    )
    cells = expected
    if design.cell_noise:
        uniform = CellNoise(image_shape, name="cell_noise")(noise)
        hit = HIT_GEV / design.cell_unit_GeV
        cells = CellDeposit(hit, name="deposit")((expected, uniform))
    return keras.Model(latent, layers.Reshape((*image_shape, 1))(cells), name="generator")


def start_from_mean(generator: keras.Model, mean_shower: NDArray[np.floating]) -> None:
    """Begin with the mean of cells over primary energy: (X, Y, Z), no unit."""
    fraction = float(mean_shower.sum())
    logits = np.log(np.maximum(mean_shower / fraction, NEVER)).ravel()
    generator.get_layer("cells").bias.assign(logits)
    generator.get_layer("fraction").bias.assign([np.log(fraction)])


def build_view_discriminator(design: Design, image_shape: Size) -> keras.Model:
    """Views of a shower and its condition (N, V + C) -> logit of being real (N, 1)."""
    views = keras.Input((view_size(image_shape) + design.condition_count,), name="views")
    x = views
    for index in (1, 2):
        x = layers.Dense(WIDTH, name=f"dense_{index}")(x)
        x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x)
    logit = layers.Dense(1, name="real_fake_logit")(x)
    return keras.Model(views, logit, name="discriminator")
