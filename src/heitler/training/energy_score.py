"""The energy score: how far generated showers are from the distribution of the real ones.

For a real shower y and two generated ones a, b at its primary energy,

    (|a - y| + |b - y| - |a - b|) / 2

is lowest on average if and only if generated and real showers have the same distribution
[Gneiting and Raftery 2007, doi:10.1198/016214506000001437, section 4.2]. "Energy" is the score's
name. It needs no discriminator and belongs to one event: sums over workers are exact. Two norms:
the Euclidean one sees how numbers depend on each other, the sum of the absolute differences
(the continuous ranked probability score of each) sees every number by itself.
"""

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor
SINGLE_WEIGHT = 0.2
"""Weight of the numbers by themselves."""
WEIGHTS = {
    "total": 2.0,
    "layers": 1.0,
    "sides": 1.0,
    "blocks": 1.0,
    "hits": 1.0,
    "moments": 1.0,
    "cells": 0.3,
}
"""By name of the view: `heitler.training.views`."""


def energy_score(real: Tensor, one: Tensor, other: Tensor, count: Tensor) -> Tensor:
    """Views (N, K) of real showers and of two fakes for each -> scalar, a mean over `count`."""
    near = _distance(one - real) + _distance(other - real)
    return tf.reduce_sum(near - _distance(one - other)) / (2 * count)


def _distance(difference: Tensor) -> Tensor:
    """(N, K) -> (N,)"""
    euclidean = tf.sqrt(tf.reduce_sum(difference**2, axis=1) + 1e-10)
    return euclidean + SINGLE_WEIGHT * tf.reduce_sum(tf.abs(difference), axis=1)
