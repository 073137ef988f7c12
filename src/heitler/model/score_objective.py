"""What the networks that sample cells minimise: energy scores of views of a shower, and real/fake.

A view is (N, K), finite, differentiable where cells deposit energy, and without unit: energies
are divided by what the sensors are expected to see at the primary energy, and square roots make
weak layers and cells count beside strong ones. The discriminator sees views too.

For a real shower y and two generated ones a, b at its primary energy, the energy score

    (|a - y| + |b - y| - |a - b|) / 2

is lowest on average if and only if generated and real showers have the same distribution
[Gneiting and Raftery 2007, doi:10.1198/016214506000001437, section 4.2]. "Energy" is the score's
name. It needs no discriminator and belongs to one event: sums over workers are exact. Two norms:
the Euclidean one sees how numbers depend on each other, the sum of the absolute differences
(the continuous ranked probability score of each) sees every number by itself.
"""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from heitler.model.dense_sizes import BLOCKS
from heitler.model.gan import Gan
from heitler.model.losses import binary_cross_entropy, cell_sum
from heitler.model.objective import (
    Adversarial,
    Events,
    Update,
    empty_share,
    generate,
    real_showers,
)

Tensor: TypeAlias = tf.Tensor
HIT_GEV = 1e-4
"""A cell with this energy counts as half a hit."""
TINY = 1e-6
VIEWS = ("total", "layers", "sides", "blocks", "hits", "moments", "cells")
JUDGED = VIEWS[:-1]
"""What the discriminator sees."""
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
"""By name of the view."""


class ScoreObjective(Adversarial):
    """Energy scores of the views of a shower, and a discriminator that reads them."""

    def __init__(self, gan: Gan) -> None:
        self.gan, self.design = gan, gan.design

    def real(self) -> Update:
        """As `Adversarial.real`."""

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.real_label, events, count)

        return Update(self.gan.judge, real_showers, losses)

    def fake(self) -> Update:
        """As `Adversarial.fake`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, 0, training=False)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.fake_label, events, count)

        return Update(self.gan.judge, showers, losses)

    def generated(self, update: int) -> Update:
        """As `Adversarial.generated`: two fakes at the energy of every real shower."""
        first = self.design.fakes_per_update * (update - 1) + 1

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, first + i, training=True) for i in (0, 1)]

        def losses(fakes: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            real = self._view(events.cells, events)
            one, other = (self._view(cells, events) for cells in fakes)
            scores = {
                name: energy_score(real[name], one[name], other[name], count) for name in WEIGHTS
            }
            score = tf.add_n([WEIGHTS[name] * part for name, part in scores.items()])
            wanted = tf.ones_like(events.energy)
            passed = tf.add_n(
                [
                    binary_cross_entropy(wanted, self._judge(view, events), 2 * count)
                    for view in (one, other)
                ]
            )
            total = self.design.score_weight * score + self.design.adversarial_weight * passed
            named = {f"score_{name}": part for name, part in scores.items()}
            empty = tf.add_n([empty_share(cell_sum(cells), 2 * count) for cells in fakes])
            return {**named, "real_fake": passed, "empty": empty, "total": total}

        return Update(self.gan.generator, showers, losses)

    def _told_apart(
        self, cells: Tensor, label: Tensor, events: Events, count: Tensor
    ) -> dict[str, Tensor]:
        logit = self._judge(self._view(cells, events), events)
        loss = binary_cross_entropy(label, logit, count)
        return {"real_fake": loss, "empty": empty_share(cell_sum(cells), count), "total": loss}

    def _view(self, cells: Tensor, events: Events) -> dict[str, Tensor]:
        expected = events.fakes.target_ecal_sum[:, 0]  # all calls are at the real energy
        return view_shower(cells[..., 0], expected, self.design.cell_unit_GeV)

    def _judge(self, view: dict[str, Tensor], events: Events) -> Tensor:
        """(n, 1)"""
        condition = [tf.math.log(events.energy)]
        if self.design.has_theta:
            condition.append(events.fakes.theta[:, 0])
        seen = tf.concat([*(view[name] for name in JUDGED), *condition], axis=1)
        return self.gan.judge(seen, training=True)


def energy_score(real: Tensor, one: Tensor, other: Tensor, count: Tensor) -> Tensor:
    """Views (N, K) of real showers and of two fakes for each -> scalar, a mean over `count`."""
    near = _distance(one - real) + _distance(other - real)
    return tf.reduce_sum(near - _distance(one - other)) / (2 * count)


def _distance(difference: Tensor) -> Tensor:
    """(N, K) -> (N,)"""
    euclidean = tf.sqrt(tf.reduce_sum(difference**2, axis=1) + 1e-10)
    return euclidean + SINGLE_WEIGHT * tf.reduce_sum(tf.abs(difference), axis=1)


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
