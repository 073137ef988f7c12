"""The two networks with their optimisers, conditioning and units."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import TrainConfig
from heitler.design import Choices, Design
from heitler.model.architectures import Size
from heitler.model.losses import cell_sum, measured_theta
from heitler.model.networks import Family, family_of
from heitler.model.optimizers import build_optimizer

Tensor: TypeAlias = tf.Tensor
SAMPLED_AT_ONCE = 64
"""Showers; the generator's intermediate volumes take a few MB for each."""


@dataclass(frozen=True)
class Gan:
    """Networks and optimisers; everything that training changes is in `variables()`."""

    design: Design
    image_shape: Size
    generator: keras.Model
    """The network that learns."""
    exported: keras.Model
    """The network that makes showers: the generator, or one whose weights are an average of its."""
    generator_optimizer: keras.Optimizer
    discriminator: keras.Model | None
    """None where the generator learns by likelihood."""
    discriminator_optimizer: keras.Optimizer | None

    @property
    def family(self) -> Family:
        """How such networks learn and are exported."""
        return family_of(self.design)

    def begin(self, train_file: Path) -> None:
        """Tell new networks what can be measured on a prepared file of showers."""
        for network in {id(own): own for own in (self.generator, self.exported)}.values():
            self.family.begin(network, self.design, train_file)

    def variables(self) -> dict[str, tf.Variable]:
        """Weights, batch-norm statistics and optimiser state, by unique path."""
        parts = {
            "generator": self.generator.weights,
            "generator_optimizer": self.generator_optimizer.variables,
        }
        if self.discriminator and self.discriminator_optimizer:
            parts["discriminator"] = self.discriminator.weights
            parts["discriminator_optimizer"] = self.discriminator_optimizer.variables
        if self.exported is not self.generator:
            parts["exported"] = self.exported.weights
        return {
            f"{part}/{index:03d}": variable.value
            for part, variables in parts.items()
            for index, variable in enumerate(variables)
        }

    def average(self, kept: float) -> None:
        """Move the exported weights, and batch norm's moving averages, towards the generator's.

        In the beginning faster.
        """
        step = tf.cast(self.generator_optimizer.iterations, self.generator.compute_dtype)
        keep = tf.minimum(tf.constant(kept, step.dtype), step / (step + 10))
        for mean, now in zip(_averaged(self.exported), _averaged(self.generator), strict=True):
            mean.assign(keep * mean + (1 - keep) * now)

    @property
    def judge(self) -> keras.Model:
        """The discriminator, of networks that have one.

        Raises:
            ValueError: if they learn by likelihood.
        """
        if self.discriminator is None:
            raise ValueError("These networks have no discriminator: they learn by likelihood.")
        return self.discriminator

    def heads(self, cells: Tensor, *, training: bool) -> dict[str, Tensor]:
        """What the discriminator says of images (N, X, Y, Z, 1), one (N, 1) tensor per loss."""
        logit, energy = self.judge(cells, training=training)
        heads = {"real_fake": logit, "primary_energy": energy, "ecal_sum": cell_sum(cells)}
        if self.design.has_theta:
            heads["theta"] = measured_theta(cells)
        return heads


def batch_norms(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Its batch-norm layers, in order."""
    return [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]


def moving_statistics(network: keras.Model | None) -> list[tf.Variable]:
    """The moving averages of its batch norm: mean and variance of every layer."""
    norms = batch_norms(network) if network else []
    return [v.value for norm in norms for v in (norm.moving_mean, norm.moving_variance)]


def _averaged(network: keras.Model) -> list[tf.Variable]:
    return [*(v.value for v in network.trainable_variables), *moving_statistics(network)]


def build_gan(design: Design, train: TrainConfig, image_shape: Size) -> Gan:
    """New networks, initialised from `train.seed`, with the recipe's optimiser."""
    family = family_of(design)
    keras.utils.set_random_seed(train.seed)
    synchronised = train.batch_norm == "synchronised"
    generator = family.build_generator(design, image_shape, synchronised=synchronised)
    discriminator = None
    if family.has_discriminator:
        discriminator = family.build_discriminator(design, image_shape, synchronised=synchronised)
    exported = generator
    if design.averaging:
        exported = family.build_generator(design, image_shape)
        exported.set_weights(generator.get_weights())
    return Gan(
        design,
        image_shape,
        generator,
        exported,
        _optimizer_of(generator, train, design),
        discriminator,
        _optimizer_of(discriminator, train, design) if discriminator else None,
    )


def _optimizer_of(network: keras.Model, train: TrainConfig, design: Choices) -> keras.Optimizer:
    optimizer = build_optimizer(train, design)
    optimizer.build(network.trainable_variables)
    return optimizer


def latent_vector(design: Design, noise: Tensor, energy: Tensor, theta: Tensor) -> Tensor:
    """The generator's input: noise (N, noise_dim) conditioned on energy and theta, each (N, 1).

    Published 25x25x25: noise times energy. 51x51x25: energy and angle before the noise. Recipe
    heitler: energy, and angle if there is one, before the noise. Energies in `energy_unit_GeV`,
    angles in rad.
    """
    if design.has_theta:
        return tf.concat([energy, theta, noise], axis=1)
    if design.energy == "concatenated":
        return tf.concat([energy, noise], axis=1)
    return noise * energy


def sample_cells_GeV(
    generator: keras.Model,
    design: Design,
    noise: NDArray[np.float32],
    primary_energy_GeV: NDArray[np.float32],
    theta_rad: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Showers from the generator in inference mode: (N, noise_dim), (N,), (N,) -> (N, X, Y, Z)."""
    energy = primary_energy_GeV[:, None] / np.float32(design.energy_unit_GeV)
    generate = compiled_inference(generator)
    cells = np.empty((len(noise), *generator.output_shape[1:4]), np.float32)
    for start in range(0, len(noise), SAMPLED_AT_ONCE):
        rows = slice(start, start + SAMPLED_AT_ONCE)
        arrays = (noise[rows], energy[rows], theta_rad[rows, None])
        conditions = (tf.cast(array, generator.compute_dtype) for array in arrays)
        cells[rows] = generate(latent_vector(design, *conditions))[..., 0]
    return cells * np.float32(design.cell_unit_GeV)


def sample_in_training_mode_GeV(
    generator: keras.Model,
    design: Design,
    noise: NDArray[np.float32],
    primary_energy_GeV: NDArray[np.float32],
    theta_rad: NDArray[np.float32],
) -> NDArray[np.float32]:
    """As `sample_cells_GeV`, but batch norm uses the statistics of these N showers.

    The moving averages are left as they were.
    """
    kept = [(v.value, v.numpy()) for v in generator.non_trainable_variables]
    energy = primary_energy_GeV[:, None] / np.float32(design.energy_unit_GeV)
    arrays = (noise, energy, theta_rad[:, None])
    latent = latent_vector(design, *(tf.cast(array, generator.compute_dtype) for array in arrays))
    cells = _compiled(generator, training=True)(latent)
    for variable, value in kept:
        variable.assign(value)
    return np.asarray(cells[..., 0], np.float32) * np.float32(design.cell_unit_GeV)


def compiled_inference(generator: keras.Model) -> tf.types.experimental.PolymorphicFunction:
    """The generator in inference mode as one compiled function, traced once per model."""
    return _compiled(generator, training=False)


def _compiled(
    generator: keras.Model, *, training: bool
) -> tf.types.experimental.PolymorphicFunction:
    name = "heitler_training" if training else "heitler_inference"
    if not hasattr(generator, name):
        signature = [tf.TensorSpec((None, generator.input_shape[1]), generator.compute_dtype)]
        compiled = tf.function(
            lambda latent: generator(latent, training=training),
            input_signature=signature,
            autograph=False,
        )
        setattr(generator, name, compiled)
    return getattr(generator, name)
