"""Random numbers for every cell from a few latent ones, and deposits that they make.

A thin sensor sees few charged particles per cell. With an expected deposit of lambda, in units of
what a hit leaves on average, a cell's deposit is here

    relu(m + v L),  v = sqrt(1 + kappa lambda),  m = v ln(exp(lambda / v) - 1)

with L a logistic random number. Its mean is exactly lambda: the mean of relu(a + L) is
ln(1 + exp(a)). Rare hits (lambda << 1) come with probability lambda and an exponential energy;
many of them spread by sqrt(lambda), as sums of independent hits do.
"""

import math
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from heitler.model.architectures import Size

Tensor: TypeAlias = tf.Tensor
TURNS = 4.0
"""Standard deviation of a phase; far above 1, cells are as good as independent."""
HASHED = 64
"""Latent numbers that make the phases, at most."""
SMALLEST = 1e-6
LARGE = 30.0
"""Of lambda / v, where m is lambda in single precision."""
HIT_GEV = 2.5e-4
"""Where learning of a hit's mean energy starts: about what a charged particle leaves in 0.5 mm of
silicon."""


@keras.saving.register_keras_serializable("heitler")
class CellNoise(keras.layers.Layer):  # type: ignore[misc]
    """Latent noise (N, L) -> a number between 0 and 1 for each cell (N, X, Y, Z).

    Linear phases of the latent numbers, of many turns, folded to 0..1 by a triangle wave. A
    function of the latent vector, so that a shower is one; uniform and independent over latent
    vectors. The phase of a cell is that of its column plus that of its layer.
    """

    def __init__(self, image_shape: Size, **options: Any) -> None:
        super().__init__(**options)
        self.image_shape = tuple(image_shape)

    def build(self, shape: tuple[int | None, int]) -> None:
        """Fixed phases: the same for every network of this shape."""
        x, y, z = self.image_shape
        used = min(shape[1] or 0, HASHED)
        random = np.random.default_rng(used)
        spread = TURNS / math.sqrt(used)
        self.column = self._fixed("column", random.normal(0, spread, (used, x * y)))
        self.layer = self._fixed("layer", random.normal(0, spread, (used, z)))
        self.column_offset = self._fixed("column_offset", random.random(x * y))

    def _fixed(self, name: str, values: np.ndarray) -> Any:
        return self.add_weight(
            name=name,
            shape=values.shape,
            initializer=lambda shape, dtype: tf.constant(values, dtype),
            trainable=False,
        )

    def call(self, noise: Tensor) -> Tensor:
        """(N, L) -> (N, X, Y, Z)."""
        used = noise[:, : self.column.shape[0]]
        column = tf.matmul(used, self.column) + self.column_offset
        turns = column[:, :, None] + tf.matmul(used, self.layer)[:, None, :]  # (N, X * Y, Z)
        uniform = tf.abs(2 * (turns - tf.floor(turns)) - 1)
        return tf.reshape(uniform, [-1, *self.image_shape])

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        return {**super().get_config(), "image_shape": self.image_shape}


@keras.saving.register_keras_serializable("heitler")
class CellDeposit(keras.layers.Layer):  # type: ignore[misc]
    """Expected deposits and uniform numbers, each (N, X, Y, Z) -> deposits (N, X, Y, Z).

    A hit's mean energy and kappa are learned for every layer of the calorimeter.
    """

    def __init__(self, hit: float, **options: Any) -> None:
        super().__init__(**options)
        self.hit = hit

    def build(self, shape: Any) -> None:
        """One number per layer."""
        layers = shape[0][-1] if isinstance(shape[0], tuple | list) else shape[-1]
        start = keras.initializers.Constant(math.log(self.hit))
        self.log_hit = self.add_weight(name="log_hit", shape=(layers,), initializer=start)
        self.log_kappa = self.add_weight(name="log_kappa", shape=(layers,), initializer="zeros")

    def call(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """Deposits in the unit of the expected ones."""
        expected, uniform = inputs
        hit = tf.exp(self.log_hit)
        mean = expected / hit + SMALLEST
        spread = tf.sqrt(1 + tf.exp(self.log_kappa) * mean)
        ratio = tf.minimum(mean / spread, LARGE)
        middle = mean + spread * tf.math.log(-tf.math.expm1(-ratio))
        uniform = tf.clip_by_value(uniform, SMALLEST, 1 - SMALLEST)
        logistic = tf.math.log(uniform) - tf.math.log(1 - uniform)
        return tf.nn.relu(middle + spread * logistic) * hit

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        return {**super().get_config(), "hit": self.hit}
