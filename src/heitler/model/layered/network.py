"""The layered generator as a Keras model: a latent vector to a shower, and a shower's likelihood.

    p(shower | particle) = product over layers of
        p(hits, energy of the layer | layers before)          `layer_level`
        p(which cells are hit, their energies | all before)   `cell_level`, turn by turn

Every factor learns by its own logarithm: a sum over showers, exact on any number of workers. Such
factorised likelihoods are those of autoregressive networks [van den Oord et al. 2016,
arXiv:1601.06759]; layer after layer as in conv. L2LFlows [Buss et al. 2024, arXiv:2405.20407].
"""

import dataclasses
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.layered.cell_level import CellLevel
from heitler.model.layered.drawing import draw_shower
from heitler.model.layered.layer_level import LayerLevel
from heitler.model.layered.measured import Measured
from heitler.model.layered.sizes import POINTS, RADII, LayeredSizes
from heitler.model.layered.state import Particle

Tensor: TypeAlias = tf.Tensor
NAME = "layered_shower"


@keras.saving.register_keras_serializable("heitler")
class LayeredShower(keras.layers.Layer):  # type: ignore[misc]
    """Latent vectors (N, L) -> showers (N, X, Y, Z) in cell units."""

    def __init__(
        self, sizes: dict[str, Any], energy_unit_GeV: float, cell_unit_GeV: float, **options: Any
    ) -> None:
        super().__init__(**{"name": NAME, **options})
        self.sizes = LayeredSizes(**{**sizes, "image_shape": tuple(sizes["image_shape"])})
        self.energy_unit_GeV, self.cell_unit_GeV = energy_unit_GeV, cell_unit_GeV

    def build(self, shape: Any) -> None:
        """Weights: what is measured, then what is learned."""
        sizes = self.sizes
        x, y, z = sizes.image_shape
        middle = np.zeros((2, 2, z))
        middle[0, 0], middle[1, 0] = (x - 1) / 2, (y - 1) / 2
        self.axis = self._measured("axis", middle)
        self.spectrum = self._measured("spectrum", np.linspace(-7, 5, POINTS))
        profile = np.stack([np.full((z, len(RADII)), -3.0), np.zeros((z, len(RADII)))], axis=-1)
        self.profile = self._measured("profile", profile)
        self.scales = self._measured("scales", np.array([50.0, 20.0, 1.2e-3, 4.5]))
        self.layer_level = LayerLevel(sizes)
        self.cell_level = CellLevel(sizes)

    def _measured(self, name: str, values: np.ndarray) -> Any:
        return self.add_weight(
            name=name,
            shape=values.shape,
            initializer=lambda shape, dtype: tf.constant(values, dtype),
            trainable=False,
        )

    def measure(self, measured: Measured) -> None:
        """Take over what was measured on the training showers."""
        hit_GeV = measured.sampling_fraction / measured.hits_per_GeV
        self.axis.assign(measured.axis)
        self.spectrum.assign(measured.spectrum - np.log(hit_GeV))
        self.profile.assign(measured.profile)
        mean = measured.mean_energy_GeV
        self.scales.assign([mean, measured.hits_per_GeV, hit_GeV, measured.deviation])

    @property
    def deviation(self) -> Tensor:
        """How far the spectrum is known, in normal deviates: scalar."""
        return self.scales[3]

    @property
    def typical_hits(self) -> Tensor:
        """Mean number of hits in a layer: scalar."""
        return self.scales[0] * self.scales[1] / self.sizes.layers

    @property
    def hit_per_cell_unit(self) -> Tensor:
        """The mean hit's energy in cell units: scalar."""
        return self.scales[2] / self.cell_unit_GeV

    def particle(self, energy: Tensor, theta: Tensor) -> Particle:
        """Primary energies (N, 1) in `energy_unit_GeV` and angles (N, 1) in rad."""
        energy_GeV = energy[:, 0] * self.energy_unit_GeV
        hits = energy_GeV * self.scales[1]
        cot = 1 / tf.tan(theta[:, 0]) if self.sizes.has_theta else None
        # On average a hit has the energy of one mean hit.
        return Particle(tf.math.log(energy_GeV / self.scales[0]), cot, hits, hits)

    def call(self, latent: Tensor) -> Tensor:
        """Draw showers; energy and angle stand before the noise."""
        conditions = 1 + self.sizes.has_theta
        energy, theta, noise = latent[:, :1], latent[:, conditions - 1 : conditions], latent
        drawn = draw_shower(self, self.particle(energy, theta), theta, noise[:, conditions:])
        return drawn * self.hit_per_cell_unit

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        own = {
            "sizes": dataclasses.asdict(self.sizes),
            "energy_unit_GeV": self.energy_unit_GeV,
            "cell_unit_GeV": self.cell_unit_GeV,
        }
        return {**super().get_config(), **own}


def build_layered_generator(design: Design, image_shape: Size) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`."""
    sizes = dataclasses.asdict(LayeredSizes(image_shape, design.has_theta, design.channels))
    latent = keras.Input((design.latent_dim,), name="latent")
    cells = LayeredShower(sizes, design.energy_unit_GeV, design.cell_unit_GeV)(latent)
    return keras.Model(latent, keras.layers.Reshape((*image_shape, 1))(cells), name="generator")


def layered_shower(generator: keras.Model) -> LayeredShower:
    """The layer that knows likelihoods, of a generator that `build_layered_generator` made."""
    layer: LayeredShower = generator.get_layer(NAME)
    return layer
