"""Cell energies as normal numbers: by the spectrum of all hits of the training showers.

In this scale the hits of all cells together are spread normally, so that a few normal
distributions say well how those of one cell are, and what is drawn has the spectrum's edges and
peaks.
"""

from typing import TypeAlias

import tensorflow as tf

from heitler.model.layered.mixtures import mixture_mean
from heitler.model.layered.sizes import POINTS

Tensor: TypeAlias = tf.Tensor
FARTHEST = 6.0
"""Normal deviates; no hit lies beyond."""


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


def expected_energy(parameters: Tensor, hit: Tensor, spectrum: Tensor, deviation: Tensor) -> Tensor:
    """Energy of the hit cells, each at the mean of its mixture: (M, n, 3 K), (M, n) -> (M,)."""
    energy = tf.exp(from_normal(mixture_mean(parameters), spectrum, deviation))
    return tf.reduce_sum(hit * energy, axis=-1)
