"""The cells of a layer: small convolutions over the layers before, turn by turn.

For every cell the network says how likely it is hit and, as a mixture of normal distributions, how
its energy is spread: in the scale in which the hits of all showers are spread normally
(`heitler.model.layered.spectrum`). Features come from the four layers before and the energy in
front; in each turn they meet what this layer has drawn so far, how many hits and how much energy
are left. A function of the distance from the axis, which follows the layer's state, is added: the
mean shower by itself, so that convolutions have the rest to say.
"""

import math
from typing import NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from heitler.model.layered.frame import turn_cells
from heitler.model.layered.sizes import DRAWN, MIXTURE, RADII, TURNS, LayeredSizes
from heitler.model.layered.state import cell_feature, what_is_left

Tensor: TypeAlias = tf.Tensor
SLOPE = 0.1
"""Of the leaky ReLU."""
STEERING = ("steer_features", "steer_turn", "radial", "outputs", "count", "sum")
"""Layers that say little at the start."""
WEAK = 0.05


class Layer(NamedTuple):
    """What M layers are drawn from."""

    planes: Tensor  # (M, X, Y, PAST + 1) features of the cells before
    state: Tensor  # (M, cell state)
    basis: Tensor  # (M or 1, X * Y, R) the radial functions at its cells
    profile: Tensor  # (M or 1, R, 2) as `Measured.profile`


class Said(NamedTuple):
    """What is said of a turn."""

    cells: Tensor  # (M, cells of the turn, 1 + 3 K)
    hidden: Tensor  # (M, hidden) what they and the turn's hits and energy are said from


class CellLevel(keras.layers.Layer):  # type: ignore[misc]
    """Convolutions, and the dense layers that steer them."""

    def __init__(self, sizes: LayeredSizes) -> None:
        super().__init__(name="cell_level")
        self.sizes = sizes
        self.dense = {name: _dense(name, *shape) for name, shape in sizes.cell_dense.items()}
        convolutions = sizes.cell_convolutions.items()
        self.convolution = {name: _convolution(name, *shape) for name, shape in convolutions}
        k = sizes.components
        start = np.concatenate([np.zeros(1 + k), np.linspace(-1.2, 1.2, k), np.full(k, -0.5)])
        self.dense["outputs"].bias.assign(start)
        for name, width in (("count", -0.3), ("sum", -1.0)):
            mixture = [np.zeros(MIXTURE), np.linspace(-0.5, 0.5, MIXTURE), np.full(MIXTURE, width)]
            self.dense[name].bias.assign(np.concatenate(mixture))
        self.built = True

    def features(self, layer: Layer) -> Tensor:
        """What all turns share: (M, X, Y, channels)."""
        x, y, _ = self.sizes.image_shape
        steered = self.dense["steer_features"](tf.nn.silu(self.dense["steer"](layer.state)))
        a, b, c, d = (part[:, None, None] for part in tf.split(steered, 4, axis=-1))
        place = tf.reshape(self.dense["place"](layer.basis), [-1, x, y, self.sizes.channels])
        h = _leaky(
            (self.convolution["first"](layer.planes) + place) * (1 + a) + b
        )  # (M, X, Y, channels)
        return h + _leaky(self.convolution["second"](h) * (1 + c) + d)

    def say(
        self, turn: int, layer: Layer, features: Tensor, drawn: Tensor, hits: Tensor, energy: Tensor
    ) -> Said:
        """What is said of the cells of a turn.

        The logit of being hit; then of the energy's mixture logits, means and logarithms of
        widths.

        Args:
            turn: counted from 0.
            layer: what it is drawn from.
            features: of `features`.
            drawn: (M, X, Y, 3), of `drawn_planes`.
            hits: that are left (M,).
            energy: that is left (M,), mean hits.
        """
        sizes = self.sizes
        left = what_is_left(hits, energy)
        which = tf.one_hot(tf.fill(tf.shape(hits), turn), TURNS, dtype=left.dtype)
        hidden = tf.nn.silu(self.dense["turn"](tf.concat([layer.state, left, which], axis=-1)))
        hidden = tf.nn.silu(self.dense["turn_hidden"](hidden))
        steered = self.dense["steer_turn"](hidden)
        a, b = (part[:, None, None] for part in tf.split(steered, 2, axis=-1))
        x, y = sizes.turns[turn]
        inner = self.dense["inner"](features[:, x::2, y::2])
        if turn:  # in the first one nothing is drawn
            inner += self._around(drawn, x, y)
        inner = _leaky(inner * (1 + a) + b)
        cells = turn_cells(sizes)[turn]
        local = tf.reshape(self.dense["outputs"](inner), [-1, len(cells), sizes.outputs])
        radial = tf.reshape(self.dense["radial"](hidden), [-1, len(RADII), sizes.outputs])
        radial += self._start(layer.profile)
        return Said(local + tf.matmul(tf.gather(layer.basis, cells, axis=1), radial), hidden)

    def say_count(self, said: Said, told: Tensor) -> Tensor:
        """The mixture of (hits - mean) / spread of a turn: told (M, COUNTED) -> (M, 3 MIXTURE)."""
        return self._say("count", said, told)

    def say_sum(self, said: Said, told: Tensor) -> Tensor:
        """The mixture of log(energy / expected) of a turn: told (M, SUMMED) -> (M, 3 MIXTURE)."""
        return self._say("sum", said, told)

    def _say(self, name: str, said: Said, told: Tensor) -> Tensor:
        inner = self.dense[f"{name}_hidden"](tf.concat([said.hidden, told], axis=-1))
        return self.dense[name](tf.nn.silu(inner))

    def _start(self, profile: Tensor) -> Tensor:
        """What is said before anything is learned: the mean shower. (M, R, 2) -> (M, R, 1 + 3 K)"""
        k = self.sizes.components
        hit, deviate = tf.split(profile, 2, axis=-1)
        nothing = tf.zeros_like(deviate)
        return tf.concat([hit, *[nothing] * k, *[deviate] * k, *[nothing] * k], axis=-1)

    def _around(self, drawn: Tensor, x: int, y: int) -> Tensor:
        """The convolution "drawn" at every second cell from (x, y) on."""
        layer = self.convolution["drawn"]
        reach = layer.kernel.shape[0] // 2
        padded = tf.pad(drawn, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
        kernel = tf.convert_to_tensor(layer.kernel)
        return tf.nn.conv2d(padded[:, x:, y:], kernel, 2, "VALID") + layer.bias


def drawn_planes(cells: Tensor, done: Tensor, sizes: LayeredSizes) -> Tensor:
    """Cells drawn so far (M, X * Y) and which had their turn (X * Y,) -> (M, X, Y, 3)."""
    hit = tf.cast(cells > 0, cells.dtype)
    planes = (hit, cell_feature(cells), tf.broadcast_to(done, tf.shape(cells)))
    x, y, _ = sizes.image_shape
    return tf.reshape(tf.stack(planes, axis=-1), [-1, x, y, DRAWN])


def _leaky(volume: Tensor) -> Tensor:
    return tf.nn.leaky_relu(volume, SLOPE)


def _dense(name: str, inputs: int, outputs: int) -> keras.layers.Dense:
    weak = WEAK if name in STEERING else 1.0
    start = keras.initializers.RandomNormal(stddev=weak / math.sqrt(inputs))
    layer = keras.layers.Dense(outputs, kernel_initializer=start, name=name)
    layer.build((None, inputs))
    return layer


def _convolution(name: str, taps: int, inputs: int, outputs: int) -> keras.layers.Conv2D:
    start = keras.initializers.RandomNormal(stddev=1 / (taps * math.sqrt(inputs)))
    layer = keras.layers.Conv2D(outputs, taps, padding="same", kernel_initializer=start, name=name)
    layer.build((None, None, None, inputs))
    return layer
