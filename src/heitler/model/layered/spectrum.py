"""Cell energies as normal numbers: by the spectrum of all hits of the training showers.

In this scale the hits of all cells together are spread normally, so that a few normal
distributions say well how those of one cell are, and what is drawn has the spectrum's edges and
peaks.
"""

import math
from typing import TypeAlias

import tensorflow as tf

from heitler.model.layered.sizes import POINTS

Tensor: TypeAlias = tf.Tensor
NARROWEST, WIDEST = -5.0, 1.5
"""Logarithms of a width."""
FARTHEST = 6.0
"""Normal deviates; no hit lies beyond."""
SMALLEST = 1e-7


def to_normal(log_energy: Tensor, spectrum: Tensor, deviation: Tensor) -> Tensor:
    """Logarithms of energy (...) -> normal deviates (...)."""
    flat = tf.reshape(log_energy, [-1])
    below = tf.searchsorted(spectrum[1:-1], flat, side="right")
    low, high = tf.gather(spectrum, below), tf.gather(spectrum, below + 1)
    place = tf.cast(below, flat.dtype) + (flat - low) / (high - low)
    deviate = (place * (2 / (POINTS - 1)) - 1) * deviation
    return tf.reshape(tf.clip_by_value(deviate, -FARTHEST, FARTHEST), tf.shape(log_energy))


def from_normal(deviate: Tensor, spectrum: Tensor, deviation: Tensor) -> Tensor:
    """The inverse of `to_normal`."""
    clipped = tf.clip_by_value(deviate, -FARTHEST, FARTHEST)
    place = (clipped / deviation + 1) * ((POINTS - 1) / 2)
    below = tf.clip_by_value(tf.cast(tf.floor(place), tf.int32), 0, POINTS - 2)
    low, high = tf.gather(spectrum, below), tf.gather(spectrum, below + 1)
    return low + (place - tf.cast(below, place.dtype)) * (high - low)


def mixture_log_density(parameters: Tensor, value: Tensor) -> Tensor:
    """Of mixtures of K normals: (..., 3 K) weights, means, widths and values (...) -> (...)."""
    weight, mean, width = split_mixture(parameters)
    terms = -0.5 * ((value[..., None] - mean) * tf.exp(-width)) ** 2 - width
    density = tf.reduce_logsumexp(tf.nn.log_softmax(weight) + terms, axis=-1)
    return density - 0.5 * math.log(2 * math.pi)


def draw_mixture(parameters: Tensor, uniform: Tensor, other: Tensor) -> Tensor:
    """A number from each mixture: (..., 3 K), uniform (...) twice -> (...).

    The first uniform number chooses the normal distribution; what is left of it is uniform again
    and makes, with the other, a normal number (Box and Muller 1958).
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
    return centre + tf.exp(log_width) * tf.sqrt(-2 * tf.math.log(rest)) * tf.cos(
        2 * math.pi * other
    )


def mixture_mean(parameters: Tensor) -> Tensor:
    """Mean of each mixture: (..., 3 K) -> (...)."""
    weight, mean, _ = split_mixture(parameters)
    return tf.reduce_sum(tf.nn.softmax(weight) * mean, axis=-1)


def expected_energy(parameters: Tensor, hit: Tensor, spectrum: Tensor, deviation: Tensor) -> Tensor:
    """Energy of the hit cells, each at the mean of its mixture: (M, n, 3 K), (M, n) -> (M,)."""
    energy = tf.exp(from_normal(mixture_mean(parameters), spectrum, deviation))
    return tf.reduce_sum(hit * energy, axis=-1)


def mixture_width(parameters: Tensor) -> Tensor:
    """Mean width of each mixture's normal distributions: (..., 3 K) -> (...)."""
    weight, _, width = split_mixture(parameters)
    return tf.reduce_sum(tf.nn.softmax(weight) * tf.exp(width), axis=-1)


def split_mixture(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, means and logarithms of widths: (..., 3 K) -> (..., K) each."""
    weight, mean, width = tf.split(parameters, 3, axis=-1)
    return weight, mean, tf.clip_by_value(width, NARROWEST, WIDEST)
