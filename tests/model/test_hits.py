"""Which cells of a turn are hit: chances against those of all patterns, counted out."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from heitler.model.layered.hits import draw_hits, log_odds

SHOWERS = 40_000
MANY = 1e6
"""Hits that are left, of which cells know nothing of each other."""


def drawn(logit: list[float], count: int, left: float) -> np.ndarray:
    """The hits of many showers: (SHOWERS, n)."""
    uniform = np.random.default_rng(1).uniform(1e-7, 1 - 1e-7, (SHOWERS, len(logit)))
    logits = tf.constant([logit] * SHOWERS, tf.float32)
    counts, lefts = (tf.fill([SHOWERS], float(number)) for number in (count, left))
    return draw_hits(logits, counts, lefts, tf.constant(uniform, tf.float32)).numpy()


def chances_given(odds: np.ndarray, count: int) -> np.ndarray:
    """Of being hit, of independent cells that have so many hits, by all patterns there are."""
    patterns = [set(one) for one in itertools.combinations(range(len(odds)), count)]
    weights = np.array([np.prod([odds[cell] for cell in one]) for one in patterns])
    hit = np.array([[cell in one for cell in range(len(odds))] for one in patterns])
    return weights @ hit / weights.sum()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hits_are_those_of_independent_cells_that_are_so_many(count: int) -> None:
    logit = [2.2, -1.0, -1.5, -2.0, -2.0] + [-3.0] * 12
    found = drawn(logit, count, MANY).mean(axis=0)
    assert found == pytest.approx(chances_given(np.exp(logit), count), abs=0.015)


def test_a_single_hit_that_is_left_falls_as_the_chances_say() -> None:
    chance = np.array([0.6, 0.2, 0.1, 0.05, 0.05])
    logit = np.log(chance / (1 - chance)).tolist()
    assert drawn(logit, 1, 1).mean(axis=0) == pytest.approx(chance, abs=0.025)


@pytest.mark.parametrize("left", [1, 2, 3])
def test_few_hits_that_are_left_keep_the_chances_that_were_said(left: int) -> None:
    """A strong cell and weak ones, of which together so many are hit."""
    chance = np.array([0.7, *[(left - 0.7) / 30] * 30])
    said = tf.constant([np.log(chance / (1 - chance))], tf.float32)
    odds = np.exp(log_odds(said, tf.constant([float(left)]))[0])
    assert chances_given(odds, left) == pytest.approx(chance, abs=0.02)


@pytest.mark.parametrize("count", [0, 1, 4, 8])
def test_exactly_so_many_cells_are_hit_however_unlikely(count: int) -> None:
    assert set(drawn([8.0, 8.0, -8.0, -8.0] * 2, count, 8)[:1000].sum(axis=1)) == {count}
