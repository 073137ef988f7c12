"""Dropout whose masks belong to events, from 16 random bits per cell instead of 32.

An event's mask depends on its place in the global batch, not on the worker or group that computes
it, because the counter of the random generator (Philox, which can start anywhere) says the place.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from heitler.model.convolutions import Tensor

LEVELS = 2**16
HALF_WORDS_PER_BLOCK = 8
"""Philox makes 4 words of 32 bits at each value of its counter."""
PHILOX = 1
"""TensorFlow's number for it."""


@keras.saving.register_keras_serializable("heitler")
class KeyedDropout(keras.layers.Layer):  # type: ignore[misc]
    """Dropout with a mask that is a function of `set_key` alone; otherwise as Keras's.

    The rate is rounded to a multiple of 1/65536 (0.2 becomes 0.199997), the scale accordingly.
    """

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate
        self._key = tf.Variable([0, 0, 0], trainable=False, dtype=tf.int64)

    def set_key(self, stream: Tensor, draw: Tensor, first_event: Tensor) -> None:
        """Choose the masks of the next call: integers, the last the first event's place."""
        self._key.assign(tf.stack([tf.cast(x, tf.int64) for x in (stream, draw, first_event)]))

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        """(N, ...) -> (N, ...)."""
        if not training or self.rate == 0:
            return inputs
        dropped = round(self.rate * LEVELS)
        bits = self._draw_bits(inputs)
        kept = tf.cast(bits >= tf.constant(dropped, tf.uint16), inputs.dtype)
        return inputs * (kept * (LEVELS / (LEVELS - dropped)))

    def _draw_bits(self, inputs: Tensor) -> Tensor:
        """As inputs, uint16: whole blocks of the generator for each event."""
        per_event = math.prod(inputs.shape[1:])
        blocks = math.ceil(per_event / HALF_WORDS_PER_BLOCK)
        stream, draw, first_event = tf.unstack(tf.bitcast(self._key, tf.uint64))
        words = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=[tf.shape(inputs)[0], blocks * HALF_WORDS_PER_BLOCK // 2],
            key=stream[None],
            counter=tf.stack([first_event * blocks, draw]),
            alg=PHILOX,
            dtype=tf.uint32,
        )
        bits = tf.reshape(tf.bitcast(words, tf.uint16), [-1, blocks * HALF_WORDS_PER_BLOCK])
        return tf.reshape(bits[:, :per_event], [-1, *inputs.shape[1:]])

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from."""
        return {**super().get_config(), "rate": self.rate}
