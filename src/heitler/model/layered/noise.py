"""Random numbers for every cell of a shower, counted out from its few latent ones.

A latent vector is hashed to two words of 32 bits, and these with a counter to each number: a
counter-based generator in the sense of Salmon et al. 2011 (doi:10.1145/2063384.2063405), with the
mixing steps of C. Wellons' `triple32`. Whole numbers wrap around at 2^32 alike in TensorFlow, ONNX
Runtime and C++, so all of them get the very same numbers, in any order and on any number of cores.
"""

import math
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

Tensor: TypeAlias = tf.Tensor
HASHED = 8
"""Latent numbers that are hashed, at most."""
STEPS_PER_UNIT = 65536.0
"""To which latent numbers are rounded before: exact in single precision."""
GOLDEN = 0x9E3779B9
STARTS = (0x243F6A88, 0x85A308D3)
"""Of the two words: digits of pi."""
FACTORS = (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB)
SHIFTS = (17, 11, 15, 14)
LOST_BITS = 9
"""Of a word, in a number of 23 bits."""


def uniforms(noise: Tensor, count: int) -> Tensor:
    """Latent noise (N, L) -> numbers between 0 and 1, without these: (N, count)."""
    first, second = (word[:, None] for word in latent_words(noise))
    counter = tf.constant(counter_words(count))[None]
    mixed = mix(tf.bitwise.bitwise_xor(counter, first)) + second
    mantissa = tf.bitwise.right_shift(mix(mixed), _word(LOST_BITS))
    whole = tf.cast(
        tf.cast(mantissa, tf.int32), noise.dtype
    )  # below 2^23: a half more is exact in single precision
    return (whole + 0.5) * 2.0 ** (LOST_BITS - 32)


def latent_words(noise: Tensor) -> tuple[Tensor, Tensor]:
    """Latent noise (N, L) -> two words (N,) of 32 bits."""
    steps = tf.cast(tf.floor(noise[:, :HASHED] * STEPS_PER_UNIT), tf.int64)
    steps = tf.cast(tf.bitwise.bitwise_and(steps, tf.constant(0xFFFFFFFF, tf.int64)), tf.uint32)
    words = []
    for start in STARTS:
        word = tf.zeros_like(steps[:, 0]) + _word(start)
        for step in tf.unstack(steps, axis=1):
            word = mix(tf.bitwise.bitwise_xor(word, step))
        words.append(word)
    return words[0], words[1]


def mix(word: Tensor) -> Tensor:
    """A permutation of the words of 32 bits after which every bit depends on every other."""
    for shift, factor in zip(SHIFTS, (*FACTORS, None), strict=True):
        word = tf.bitwise.bitwise_xor(word, tf.bitwise.right_shift(word, _word(shift)))
        word = word if factor is None else word * _word(factor)
    return word


def counter_words(count: int) -> Any:
    """One word for every number that is drawn: (count,) uint32."""
    return (np.arange(1, count + 1, dtype=np.uint64) * GOLDEN % 2**32).astype(np.uint32)


def logistic(uniform: Tensor) -> Tensor:
    """Uniform -> logistic numbers, of the same shape."""
    return tf.math.log(uniform) - tf.math.log(1 - uniform)


def normal(uniform: Tensor, other: Tensor) -> Tensor:
    """Two uniform numbers -> one normal (Box and Muller 1958), of the same shape."""
    return tf.sqrt(-2 * tf.math.log(uniform)) * tf.cos(2 * math.pi * other)


def _word(value: int) -> Tensor:
    return tf.constant(value, tf.uint32)
