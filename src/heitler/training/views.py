"""What the recipe `heitler` measures of a shower: the numbers that energy scores compare.

A view is (N, K), finite, differentiable where cells deposit energy, and without unit: energies
are divided by what the sensors are expected to see at the primary energy, and square roots make
weak layers and cells count beside strong ones.
"""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from heitler.model.dense_sizes import BLOCKS

Tensor: TypeAlias = tf.Tensor
HIT_GEV = 1e-4
"""A cell with this energy counts as half a hit."""
TINY = 1e-6
VIEWS = ("total", "layers", "sides", "blocks", "hits", "moments", "cells")
JUDGED = VIEWS[:-1]
"""What the discriminator sees."""


def view_shower(cells: Tensor, expected_sum: Tensor, cell_unit_GeV: float) -> dict[str, Tensor]:
    """All views, by name.

    Args:
        cells: (N, X, Y, Z) in cell units.
        expected_sum: (N, 1) mean deposited energy at the primary energy, in cell units.
        cell_unit_GeV: their unit.
    """
    part = cells / expected_sum[:, :, None, None]
    layers = tf.reduce_sum(part, axis=(1, 2))  # (N, Z)
    sides = [tf.reduce_sum(part, axis=axes) for axes in ((2, 3), (1, 3))]  # (N, X), (N, Y)
    across_x, across_y = (_membership(n, cells.dtype) for n in cells.shape[1:3])
    blocks = tf.einsum("nxyz,xa->nayz", part, across_x)
    blocks = tf.einsum("nayz,yb->nabz", blocks, across_y)
    hit = cells / (cells + HIT_GEV / cell_unit_GeV)
    hits = tf.reduce_sum(hit, axis=(1, 2))  # (N, Z)
    return {
        "total": tf.reduce_sum(layers, axis=1, keepdims=True),
        "layers": tf.sqrt(layers + TINY),
        "sides": tf.sqrt(tf.concat(sides, axis=1) + TINY),
        "blocks": _flat(tf.sqrt(blocks + 10 * TINY)),
        "hits": tf.concat([tf.reduce_sum(hits, axis=1, keepdims=True) / 300, hits / 100], axis=1),
        "moments": tf.concat(list(_moments([*sides, layers])), axis=1),
        "cells": _flat(0.1 * tf.sqrt(cells + 1e-3)),
    }


def _moments(profiles: Iterable[Tensor]) -> Iterable[Tensor]:
    """Centre and width along each axis, in cells: (N, n) -> (N, 1) twice."""
    for profile in profiles:
        total = tf.reduce_sum(profile, axis=1, keepdims=True) + TINY
        place = tf.range(profile.shape[1], dtype=profile.dtype) - (profile.shape[1] - 1) / 2
        centre = tf.reduce_sum(profile * place, axis=1, keepdims=True) / total
        spread = tf.reduce_sum(profile * (place - centre) ** 2, axis=1, keepdims=True) / total
        yield from (centre, tf.sqrt(spread + 1e-4))


def _membership(size: int, dtype: tf.DType) -> Tensor:
    """(size, blocks) 1 where a cell belongs to a block; blocks as equal as whole cells allow."""
    blocks = min(BLOCKS, size)
    ends = np.rint(np.linspace(0, size, blocks + 1)).astype(int)
    block = np.searchsorted(ends, np.arange(size), side="right") - 1
    return tf.one_hot(block, blocks, dtype=dtype)


def _flat(tensor: Tensor) -> Tensor:
    return tf.reshape(tensor, [-1, int(np.prod(tensor.shape[1:]))])
