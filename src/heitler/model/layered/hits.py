"""Which cells of a turn are hit: exactly as many as the turn has.

Cells that are drawn independently, and happen to be so many, are what cells that are so many are: a
conditional Bernoulli distribution [Chen, Dempster and Liu 1994]. Where none of several draws has
the number, that which comes nearest gets its next ones or loses its last ones.
"""

from typing import TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.model.layered.mixtures import SMALLEST
from heitler.model.layered.noise import logistic

Tensor: TypeAlias = tf.Tensor
DRAWS = 8
"""Ways to draw a turn's hits, of which the first with the right number is taken."""
STEP = 0.6180339887498949
"""How far, modulo 1, uniform numbers go on from one of them to the next: the additive recurrence
that fills the line evenly [Roberts 2018]."""
SURE = 4.6
"""Logit, of 99%, from which on a cell comes before all others: so that those which no shower misses
are not missed for what was said of many others."""
FIRST = 1000.0
EDGE = 0.01
"""Hits by which a turn's mean stays away from none and from all."""
LEAST_SPREAD = 0.1
"""Least variance of a turn's hits for the correction of a level."""
LARGEST_STEP = 2.0
"""Of that correction."""


def draw_hits(logit: Tensor, count: Tensor, left: Tensor, uniform: Tensor) -> Tensor:
    """1 where a cell of the turn is hit, else 0: (N, n).

    Args:
        logit: (N, n) of a cell's chance to be hit, where `left` cells are.
        count: (N,) how many are, whole numbers.
        left: (N,) hits of the layer that are left for this turn and those after it.
        uniform: (N, n) random numbers. They stay independent and uniform if cells take those of
            others, and all are moved by the same, modulo 1: so are they drawn anew.
    """
    odds = log_odds(logit, left)
    moved = tf.gather(uniform, draw_cells(logit.shape[1]), axis=1) + draw_steps()
    score = odds[:, None] + logistic(tf.maximum(moved - tf.floor(moved), SMALLEST))
    above = score > level(odds, count)[:, None, None]
    off = tf.abs(tf.reduce_sum(tf.cast(above, odds.dtype), axis=-1) - count[:, None])
    best = tf.argmin(off, axis=-1, output_type=tf.int32)
    return strongest(tf.gather(score, best, axis=1, batch_dims=1), count)


def log_odds(logit: Tensor, left: Tensor) -> Tensor:
    """Log-odds (N, n) of independent cells which, given `left` (N,) hits, have these chances.

    Where a single hit is left, cells exclude each other: their odds are as their chances. Of many
    hits each cell knows little of the others: its odds are those of its own chance. Between: a
    chance p stands for odds of p / (1 - p) (1 - p / left), exact where all other cells are weak.
    """
    others = 1 - tf.sigmoid(logit) / tf.maximum(left, 1)[:, None]
    odds = logit + tf.math.log(tf.maximum(others, SMALLEST))
    return odds + tf.cast(logit > SURE, logit.dtype) * FIRST


def level(odds: Tensor, count: Tensor) -> Tensor:
    """What to take from log-odds (N, n), that `count` (N,) hits are expected: (N,), about.

    As if all cells were alike, and one step of Newton's from there. Given the number of hits it
    changes no chance; it makes a draw with that number likelier.
    """
    cells = odds.shape[1]
    mean = tf.clip_by_value(tf.reduce_sum(tf.sigmoid(odds), axis=-1), EDGE, cells - EDGE)
    wanted = (count + 0.5) / (cells + 1)
    first = tf.math.log(mean / (cells - mean)) - tf.math.log(wanted / (1 - wanted))
    chance = tf.sigmoid(odds - first[:, None])
    variance = tf.maximum(tf.reduce_sum(chance * (1 - chance), axis=-1), LEAST_SPREAD)
    step = (tf.reduce_sum(chance, axis=-1) - count) / variance
    return first + tf.clip_by_value(step, -LARGEST_STEP, LARGEST_STEP)


def draw_cells(cells: int) -> NDArray[np.int64]:
    """Whose uniform number every cell of a turn takes in each draw: (DRAWS, n)."""
    apart = max(cells // DRAWS, 1)
    return (np.arange(cells) + apart * np.arange(DRAWS)[:, None]) % cells


def draw_steps() -> NDArray[np.float32]:
    """By how much uniform numbers are moved: (DRAWS, 1)."""
    return np.asarray((np.arange(DRAWS) * STEP % 1)[:, None], np.float32)


def strongest(score: Tensor, count: Tensor) -> Tensor:
    """1 for the `count` (N,) highest of scores (N, n), else 0."""
    ranked = tf.sort(score, axis=-1, direction="DESCENDING")
    last = tf.gather(ranked, tf.cast(tf.maximum(count - 1, 0), tf.int32), batch_dims=1)
    return tf.cast((score >= last[:, None]) & (count[:, None] > 0), score.dtype)
