"""Hits and energy of a layer: mixtures of normal distributions that follow the layers before.

The root of the number of hits, rounded down to a whole number of them, then the logarithm of the
mean energy of a hit. Dense layers give weights, means and widths.
"""

import math
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from heitler.model.layered.mixtures import (
    EDGE,
    draw_mixture,
    mixture_log_chance,
    mixture_log_density,
)
from heitler.model.layered.sizes import MIXTURE, LayeredSizes
from heitler.model.layered.state import energy_per_hit, log_per_hit, root_hits

Tensor: TypeAlias = tf.Tensor
NUMBERS = 4
"""Uniform numbers that a layer's hits and energy are drawn with."""


class LayerLevel(keras.layers.Layer):  # type: ignore[misc]
    """Two mixtures, for hits and for energy."""

    def __init__(self, sizes: LayeredSizes) -> None:
        super().__init__(name="layer_level")
        self.dense = {name: _dense(name, *shape) for name, shape in sizes.layer_dense.items()}
        self.built = True

    def log_likelihood(
        self, state: Tensor, hits: Tensor, energy: Tensor, typical: Tensor, most: int
    ) -> Tensor:
        """Of layers (N, Z) with at most `most` hits, given their state (N, Z, state)."""
        hidden = self._hidden(state)
        low = tf.where(hits > 0, root_hits(hits, typical), -EDGE)
        high = tf.where(hits < most, root_hits(hits + 1, typical), EDGE)
        found = mixture_log_chance(self.dense["hits"](hidden), low, high)
        of_energy = self._energy(hidden, hits, typical)
        per_hit = mixture_log_density(of_energy, log_per_hit(energy, hits))
        return found + tf.where(hits > 0, per_hit, tf.zeros_like(per_hit))

    def draw(
        self, state: Tensor, uniform: Tensor, typical: Tensor, most: int
    ) -> tuple[Tensor, Tensor]:
        """State (N, state), uniform (N, 4) -> hits (N,), at most `most`, and energy (N,)."""
        hidden = self._hidden(state)
        root = draw_mixture(self.dense["hits"](hidden), uniform[:, 0], uniform[:, 1])
        hits = tf.floor(tf.maximum(root + 1, 0) ** 2 * typical)
        hits = tf.minimum(hits, tf.cast(most, hits.dtype))
        per_hit = draw_mixture(self._energy(hidden, hits, typical), uniform[:, 2], uniform[:, 3])
        return hits, tf.maximum(energy_per_hit(per_hit), 0) * hits

    def _hidden(self, state: Tensor) -> Tensor:
        return tf.nn.silu(self.dense["second"](tf.nn.silu(self.dense["first"](state))))

    def _energy(self, hidden: Tensor, hits: Tensor, typical: Tensor) -> Tensor:
        few = [tf.cast(hits == number, hidden.dtype) for number in (1, 2)]
        own = tf.stack([root_hits(hits, typical), *few], axis=-1)
        inner = self.dense["energy_hidden"](tf.concat([hidden, own], axis=-1))
        return self.dense["energy"](tf.nn.silu(inner))


def _dense(name: str, inputs: int, outputs: int) -> keras.layers.Dense:
    if outputs != 3 * MIXTURE:
        spread = keras.initializers.RandomNormal(stddev=1 / math.sqrt(inputs))
        return _built(keras.layers.Dense(outputs, kernel_initializer=spread, name=name), inputs)
    start = np.concatenate([np.zeros(MIXTURE), np.linspace(-1.5, 1.5, MIXTURE), -np.ones(MIXTURE)])
    mixture = keras.layers.Dense(
        outputs,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.1 / math.sqrt(inputs)),
        bias_initializer=lambda shape, dtype: tf.constant(start, dtype),
        name=name,
    )
    return _built(mixture, inputs)


def _built(layer: keras.layers.Dense, inputs: int) -> keras.layers.Dense:
    layer.build((None, inputs))
    return layer
