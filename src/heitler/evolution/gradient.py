"""RMSprop on the same network, showers and batches: what evolution is compared with."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.evolution.network import Regressor

Float = NDArray[np.float32]
RHO, EPSILON = 0.9, 1e-7
COST = 3
"""Forward passes that a step is worth: forward, and a backward of about two."""


class RmsProp:
    """Keras' RMSprop without momentum, on one genome."""

    def __init__(self, regressor: Regressor, start: Float, learning_rate: float) -> None:
        self._genome = tf.Variable(start[None])  # (1, D)
        self._square = tf.Variable(tf.zeros_like(self._genome))
        self._rate, self._regressor = learning_rate, regressor
        signature = [tf.TensorSpec((None,), tf.int64)]
        self._step = tf.function(self._update, input_signature=signature, autograph=False)

    @property
    def genome(self) -> Float:
        """(D,)"""
        return np.array(self._genome.numpy()[0])

    @property
    def square(self) -> Float:
        """(D,) running mean of the squared gradient."""
        return np.array(self._square.numpy()[0])

    def restore(self, genome: Float, square: Float) -> None:
        """Go on from a saved state, bit for bit."""
        self._genome.assign(genome[None])
        self._square.assign(square[None])

    def step(self, rows: NDArray[np.int64]) -> float:
        """One update; the loss before it."""
        return float(self._step(rows).numpy()[0])

    def _update(self, rows: tf.Tensor) -> tf.Tensor:
        loss, gradient = self._regressor.gradient(tf.identity(self._genome), rows)
        square = RHO * self._square + (1 - RHO) * tf.square(gradient)
        self._square.assign(square)
        self._genome.assign_sub(self._rate * gradient / (tf.sqrt(square) + EPSILON))
        return loss
