"""Mixtures of normal distributions, from numbers that a dense layer says."""

import math
from typing import TypeAlias

import tensorflow as tf

from heitler.model.layered.noise import normal

Tensor: TypeAlias = tf.Tensor
NARROWEST, WIDEST = -5.0, 1.5
"""Logarithms of a width."""
SMALLEST = 1e-7
EDGE = 1e4
"""Stands for infinity where a number may be as large, or as small, as it likes."""
TINY = 1e-30
FAR = 8.0
"""Widths beyond which a chance is that of a tail."""


def mixture_log_density(parameters: Tensor, value: Tensor) -> Tensor:
    """Of mixtures of K normals: (..., 3 K) weights, means, widths and values (...) -> (...)."""
    weight, mean, width = split_mixture(parameters)
    terms = -0.5 * ((value[..., None] - mean) * tf.exp(-width)) ** 2 - width
    density = tf.reduce_logsumexp(tf.nn.log_softmax(weight) + terms, axis=-1)
    return density - 0.5 * math.log(2 * math.pi)


def mixture_log_chance(parameters: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """That a number of each mixture lies between two: (..., 3 K), (...) twice -> (...)."""
    weight, mean, width = split_mixture(parameters)
    first, last = ((edge[..., None] - mean) * tf.exp(-width) for edge in (low, high))
    return tf.reduce_logsumexp(tf.nn.log_softmax(weight) + _log_between(first, last), axis=-1)


def _log_between(low: Tensor, high: Tensor) -> Tensor:
    """Logarithm of the chance of a normal number between two: where both are far, of the tail."""
    above = low + high > 0  # there, the same below 0, where chances are small and exact
    low, high = tf.where(above, -high, low), tf.where(above, -low, high)
    near = tf.maximum(high, -FAR)
    below, upto = (tf.math.erfc(-edge / math.sqrt(2)) for edge in (tf.minimum(low, near), near))
    tail = -0.5 * high**2 - 0.5 * math.log(2 * math.pi)
    tail += tf.minimum(-tf.math.log(tf.maximum(-high, 1)), tf.math.log(high - low))
    return tf.where(high > -FAR, tf.math.log(tf.maximum((upto - below) / 2, TINY)), tail)


def draw_mixture(parameters: Tensor, uniform: Tensor, other: Tensor) -> Tensor:
    """A number from each mixture: (..., 3 K), uniform (...) twice -> (...).

    The first uniform number chooses the normal distribution; what is left of it is uniform again
    and makes, with the other, a normal number.
    """
    weight, mean, width = split_mixture(parameters)
    chance = tf.nn.softmax(weight)
    below = tf.cumsum(chance, axis=-1, exclusive=True)
    upto = tf.cast(uniform[..., None] >= below, mean.dtype)  # 1 up to the chosen one
    chosen = upto - tf.concat([upto[..., 1:], tf.zeros_like(upto[..., :1])], axis=-1)
    centre, log_width, start, share = (
        tf.reduce_sum(part * chosen, axis=-1) for part in (mean, width, below, chance)
    )
    rest = tf.clip_by_value((uniform - start) / share, SMALLEST, 1.0)
    return centre + tf.exp(log_width) * normal(rest, other)


def mixture_mean(parameters: Tensor) -> Tensor:
    """Mean of each mixture: (..., 3 K) -> (...)."""
    weight, mean, _ = split_mixture(parameters)
    return tf.reduce_sum(tf.nn.softmax(weight) * mean, axis=-1)


def mixture_width(parameters: Tensor) -> Tensor:
    """Mean width of each mixture's normal distributions: (..., 3 K) -> (...)."""
    weight, _, width = split_mixture(parameters)
    return tf.reduce_sum(tf.nn.softmax(weight) * tf.exp(width), axis=-1)


def split_mixture(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, means and logarithms of widths: (..., 3 K) -> (..., K) each."""
    weight, mean, width = tf.split(parameters, 3, axis=-1)
    return weight, mean, tf.clip_by_value(width, NARROWEST, WIDEST)
