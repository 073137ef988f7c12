"""What a layer is drawn from, as numbers: the particle, the layers before, and the layer itself.

Energies are in units of the mean hit of the training showers, angles are cotangents. Logarithms
and roots bring all numbers near 1.
"""

from typing import NamedTuple, TypeAlias

import tensorflow as tf

from heitler.model.layered.frame import ring_shares
from heitler.model.layered.sizes import FEW, PAST, TOTALS

Tensor: TypeAlias = tf.Tensor
SMALLEST_SHARE = 2e-3
SMALLEST_ENERGY = 0.02
SMALLEST_HIT = 1e-3
LARGEST_LOGARITHM = 30.0
"""Of a hit's energy over the mean hit's: no weights, however wrong, make it infinite."""
HITS_ROOT = 5.0
LEAST_VARIANCE = 0.1
"""Of a turn's number of hits, as the unit in which that is said."""


class Particle(NamedTuple):
    """The primary particles of N showers."""

    log_energy: Tensor  # (N,) of the energy over the mean one
    cot_theta: Tensor | None  # (N,)
    deposit: Tensor  # (N,) expected energy in the sensors, mean hits
    hits: Tensor  # (N,) expected number of hits


class Before(NamedTuple):
    """What was drawn before a layer, of N showers."""

    summaries: Tensor  # (N, ..., PAST, TOTALS + rings) of the layers before, the nearest first
    energy: Tensor  # (N, ...) of all layers before
    hits: Tensor  # (N, ...)


def root_hits(hits: Tensor, typical: Tensor) -> Tensor:
    """Number of hits in the network's unit; `typical` is their mean in a layer, a scalar."""
    return tf.sqrt(hits / typical) - 1


def log_per_hit(energy: Tensor, hits: Tensor) -> Tensor:
    """Mean energy of a layer's hits in the network's unit."""
    return tf.math.log(energy / tf.maximum(hits, 1) + SMALLEST_HIT) / 1.5


def energy_per_hit(logarithm: Tensor) -> Tensor:
    """The inverse of `log_per_hit`: mean energy of a hit."""
    return tf.exp(tf.minimum(1.5 * logarithm, LARGEST_LOGARITHM)) - SMALLEST_HIT


def log_energy(energy: Tensor) -> Tensor:
    """Energy of a layer, or of part of it, in the network's unit."""
    return tf.math.log(energy + SMALLEST_ENERGY) / 2


def of_sum(expected: Tensor, hits: Tensor, left: Tensor) -> Tensor:
    """What a turn's energy is drawn from besides its state: (M,) thrice -> (M, SUMMED).

    Args:
        expected: energy of the cells that are hit, each at the mean of its mixture.
        hits: of the turn.
        left: energy of the layer that is left for it and the turns after it.
    """
    numbers = (log_energy(expected), log_energy(expected) - log_energy(left))
    return tf.stack([*numbers, tf.sqrt(hits) / HITS_ROOT], axis=-1)


def likely_count(logit: Tensor, later: int) -> tuple[Tensor, Tensor]:
    """Mean and spread (M,) of a turn's number of hits, if its cells (M, n) were independent.

    Given the sum with the `later` cells, each of which varies as one of this turn does, its
    variance is theirs over all, times its own.
    """
    chance = tf.sigmoid(logit)
    variance = tf.reduce_sum(chance * (1 - chance), axis=-1) * (later / (logit.shape[1] + later))
    return tf.reduce_sum(chance, axis=-1), tf.sqrt(variance + LEAST_VARIANCE)


def count_limits(left: Tensor, later: int, own: int) -> tuple[Tensor, Tensor]:
    """Least and largest number of hits of a turn with `own` cells: later ones take what is left."""
    return tf.maximum(left - later, 0), tf.minimum(left, float(own))


def of_count(mean: Tensor, spread: Tensor, left: Tensor) -> Tensor:
    """What a turn's number of hits is drawn from besides its state: (M,) thrice -> (M, COUNTED).

    Args:
        mean: number of hits that its cells say.
        spread: of it, if they were independent.
        left: hits of the layer that are left for it and the turns after it.
    """
    part = mean / tf.maximum(left, 1)
    return tf.stack([tf.sqrt(mean) / HITS_ROOT, spread / HITS_ROOT, part], axis=-1)


def log_ratio(energy: Tensor, expected: Tensor) -> Tensor:
    """A turn's energy over what is expected of its cells, as it is learned."""
    return tf.math.log((energy + SMALLEST_ENERGY) / (expected + SMALLEST_ENERGY))


def scaled_sum(expected: Tensor, logarithm: Tensor) -> Tensor:
    """The inverse of `log_ratio`: a turn's energy."""
    return (expected + SMALLEST_ENERGY) * tf.exp(logarithm) - SMALLEST_ENERGY


def cell_feature(energy: Tensor) -> Tensor:
    """Energy of a cell as the convolutions see it; 0 where there is none."""
    return tf.math.log1p(100 * energy) / 5


def column_feature(energy: Tensor) -> Tensor:
    """Energy of all cells before a cell, as the convolutions see it."""
    return tf.math.log1p(10 * energy) / 5


def totals(hits: Tensor, energy: Tensor, typical: Tensor) -> Tensor:
    """A layer as a whole: (...) -> (..., TOTALS)."""
    own = (root_hits(hits, typical), log_per_hit(energy, hits), log_energy(energy))
    return tf.stack(own, axis=-1)


def summarise(cells: Tensor, distance: Tensor, hits: Tensor, typical: Tensor) -> Tensor:
    """A drawn layer in few numbers, totals first: cells (..., X * Y) -> (..., TOTALS + rings)."""
    shares = tf.math.log(ring_shares(cells, distance) + SMALLEST_SHARE) / 2
    return tf.concat([totals(hits, tf.reduce_sum(cells, axis=-1), typical), shares], axis=-1)


def shift_summaries(summaries: Tensor) -> Tensor:
    """Summaries of all layers (N, Z, S) -> those before each layer (N, Z, PAST, S), 0 in front."""
    layers = summaries.shape[1]
    padded = tf.pad(summaries, [(0, 0), (PAST, 0), (0, 0)])
    past = [padded[:, PAST - back : PAST - back + layers] for back in range(1, PAST + 1)]
    return tf.stack(past, axis=2)


def layer_state(particle: Particle, one_hot: Tensor, before: Before) -> Tensor:
    """What hits and energy of layers (N, ..., Z one-hot) are drawn from: (N, ..., state).

    Of the layers before, their totals only: with more, few showers are learned by heart.
    """

    def spread(value: Tensor) -> Tensor:
        column = tf.reshape(value, [-1, *[1] * len(before.energy.shape)])
        return tf.broadcast_to(column, tf.shape(before.energy[..., None]))

    numbers = [spread(particle.log_energy)]
    if particle.cot_theta is not None:
        numbers.append(spread(particle.cot_theta))
    past = _flat(before.summaries[..., :TOTALS])
    seen = before.energy[..., None] / spread(particle.deposit)
    hit = before.hits[..., None] / spread(particle.hits)
    return tf.concat([*numbers, one_hot, past, seen, hit], axis=-1)


def cell_state(state: Tensor, own: Tensor, before: Before) -> Tensor:
    """What cells are drawn from: a layer's state and totals, where the energy before was."""
    return tf.concat([state, own, _flat(before.summaries[..., TOTALS:])], axis=-1)


def _flat(past: Tensor) -> Tensor:
    """(..., PAST, S) -> (..., PAST * S)"""
    return tf.concat(tf.unstack(past, axis=-2), axis=-1)


def what_is_left(hits: Tensor, energy: Tensor) -> Tensor:
    """Hits and energy that a layer has left for a turn: (M,) twice -> (M, LEFT).

    Single hits count: a layer with one left spends it where it is never missing.
    """
    few = [tf.cast(hits == number, energy.dtype) for number in FEW]
    per_hit = log_energy(energy / tf.maximum(hits, 1))
    return tf.stack([tf.sqrt(hits) / HITS_ROOT, log_energy(energy), per_hit, *few], axis=-1)
