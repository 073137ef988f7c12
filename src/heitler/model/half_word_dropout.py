"""Dropout from 16 random bits per cell instead of 32."""

import math

import keras
import tensorflow as tf

from heitler.model.padded import Tensor

LEVELS = 2**16


@keras.saving.register_keras_serializable("heitler")
class HalfWordDropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout whose mask is a pure function of the seed generator's state.

    The rate is rounded to a multiple of 1/65536 (0.2 becomes 0.199997), the scale accordingly.
    """

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        """(N, ...) -> (N, ...)."""
        if not training or self.rate == 0:
            return inputs
        dropped = round(self.rate * LEVELS)
        bits = self._draw_bits(inputs)
        kept = tf.cast(bits >= tf.constant(dropped, tf.uint16), inputs.dtype)
        return inputs * (kept * (LEVELS / (LEVELS - dropped)))

    def _draw_bits(self, inputs: Tensor) -> Tensor:
        """As inputs, uint16: two from each random word."""
        per_event = math.prod(inputs.shape[1:])
        words = [tf.shape(inputs)[0], (per_event + 1) // 2]
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        drawn = tf.random.stateless_uniform(words, seed, None, None, tf.uint32)
        bits = tf.reshape(tf.bitcast(drawn, tf.uint16), [words[0], 2 * words[1]])
        if per_event % 2:
            bits = tf.slice(bits, [0, 0], [-1, per_event])
        return tf.reshape(bits, [-1, *inputs.shape[1:]])
