"""Dropout from 16 random bits per cell instead of 32."""

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
        bits = self._draw_bits(tf.size(inputs))
        kept = tf.cast(bits >= tf.constant(dropped, tf.uint16), inputs.dtype)
        scale = LEVELS / (LEVELS - dropped)
        return inputs * tf.reshape(kept * scale, tf.shape(inputs))

    def _draw_bits(self, count: Tensor) -> Tensor:
        """(count,) uint16."""
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        words = tf.random.stateless_uniform([(count + 1) // 2], seed, None, None, tf.uint32)
        return tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:count]
