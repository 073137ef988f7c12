"""Drawing the cells of one layer, turn by turn, with the layer's hits and energy.

In each turn: how many hits it has, which cells these are, what energy each has, and what they have
together. The last turn takes what is left.
"""

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.model.layered.cell_level import Layer, Said, drawn_planes
from heitler.model.layered.frame import turn_cells
from heitler.model.layered.hits import draw_hits
from heitler.model.layered.mixtures import draw_mixture, mixture_width
from heitler.model.layered.sizes import SUMS_FROM, TURNS
from heitler.model.layered.spectrum import expected_energy, from_normal
from heitler.model.layered.state import (
    count_limits,
    likely_count,
    of_count,
    of_sum,
    scaled_sum,
)

if TYPE_CHECKING:
    from heitler.model.layered.network import LayeredShower

Tensor: TypeAlias = tf.Tensor
MOST = 0.99
"""Part of the energy that is left which a turn takes at most where later ones have hits."""
KEPT = 0.2
"""Part of its energy that a cell keeps at least where strong cells take a layer's surplus."""


class Numbers(NamedTuple):
    """The random numbers of one layer of N showers."""

    hit: Tensor  # (N, X * Y) uniform
    choice: Tensor  # (N, X * Y) uniform
    energy: Tensor  # (N, X * Y) uniform
    layer: Tensor  # (N, 4) uniform
    counts: Tensor  # (N, 2 (TURNS - 1)) uniform
    sums: Tensor  # (N, 2 (TURNS - 1)) uniform


class _Cells(NamedTuple):
    """A layer of N showers after some of its turns."""

    all: Tensor  # (N, X * Y) energies in mean hits
    last: Tensor  # (N, X * Y) those of the last turn
    hits: Tensor  # (N,) that are left
    energy: Tensor  # (N,) that is left


def draw_layer(
    network: "LayeredShower", layer: Layer, hits: Tensor, energy: Tensor, numbers: Numbers
) -> Tensor:
    """Cells (N, X * Y) with exactly the given hits (N,) and energy (N,), in mean hits."""
    features = network.cell_level.features(layer)
    nothing = tf.zeros_like(numbers.hit)
    drawn = _Cells(nothing, nothing, hits, energy)
    for turn in range(TURNS):
        cells, count = _draw_turn(network, layer, features, turn, drawn, numbers)
        together = drawn.all + cells
        left = tf.maximum(energy - tf.reduce_sum(together, axis=-1), 0)
        drawn = _Cells(together, cells, drawn.hits - count, left)
    return keep_energy(drawn.all, drawn.last, energy)


def _draw_turn(
    network: "LayeredShower",
    layer: Layer,
    features: Tensor,
    turn: int,
    drawn: _Cells,
    numbers: Numbers,
) -> tuple[Tensor, Tensor]:
    """The cells (N, X * Y) of a turn and how many of them are hit (N,)."""
    sizes = network.sizes
    *before, own = turn_cells(sizes)[: turn + 1]
    done = _places(sizes.cells, before)
    planes = drawn_planes(drawn.all, tf.constant(done, features.dtype), sizes)
    said = network.cell_level.say(turn, layer, features, planes, drawn.hits, drawn.energy)
    if turn < TURNS - 1:
        later = sizes.cells - int(done.sum()) - len(own)
        count = draw_count(network, said, drawn.hits, later, _pair(numbers.counts, turn))
    else:
        count = tf.minimum(drawn.hits, len(own))
    uniform = tf.gather(numbers.hit, own, axis=1)
    hit = draw_hits(said.cells[..., 0], count, drawn.hits, uniform)
    pair = (tf.gather(part, own, axis=1) for part in (numbers.choice, numbers.energy))
    deviate = draw_mixture(said.cells[..., 1:], *pair)
    cells = hit * tf.exp(from_normal(deviate, network.spectrum, network.deviation))
    if turn < TURNS - 1:
        total = _draw_sum(network, said, hit, drawn.energy, _pair(numbers.sums, turn))
        total = tf.where(drawn.hits > count, total, drawn.energy)
        summed = to_sum(cells, mixture_width(said.cells[..., 1:]), total)
        cells = tf.where(count[:, None] >= SUMS_FROM, summed, cells)
    return _at(cells, own, sizes.cells), count


def _places(cells: int, turns: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """1 where a cell belongs to one of these turns: (cells,)."""
    places = np.zeros(cells)
    for own in turns:
        places[own] = 1
    return places


def _pair(numbers: Tensor, turn: int) -> tuple[Tensor, Tensor]:
    """The two (N,) of a turn."""
    return numbers[:, turn], numbers[:, TURNS - 1 + turn]


def draw_count(
    network: "LayeredShower", said: Said, left: Tensor, later: int, uniform: tuple[Tensor, Tensor]
) -> Tensor:
    """How many of the hits that are left (N,) belong to this turn: (N,) whole numbers."""
    mean, spread = likely_count(said.cells[..., 0], later)
    drawn = draw_mixture(network.cell_level.say_count(said, of_count(mean, spread, left)), *uniform)
    least, most = count_limits(left, later, said.cells.shape[1])
    return tf.clip_by_value(tf.round(mean + spread * drawn), least, most)


def _draw_sum(
    network: "LayeredShower", said: Said, hit: Tensor, left: Tensor, uniform: tuple[Tensor, Tensor]
) -> Tensor:
    """Energy (N,) of a turn's cells (N, n) that are hit."""
    expected = expected_energy(said.cells[..., 1:], hit, network.spectrum, network.deviation)
    told = of_sum(expected, tf.reduce_sum(hit, axis=-1), left)
    drawn = draw_mixture(network.cell_level.say_sum(said, told), *uniform)
    return tf.clip_by_value(scaled_sum(expected, drawn), 0, MOST * left)


def to_sum(cells: Tensor, width: Tensor, energy: Tensor) -> Tensor:
    """Cells (N, n) with the given sums (N,), but at least `KEPT` of theirs.

    Cells take the difference in proportion to the square of their energy, times the width (N, n)
    of what was said of it: strong ones, and of these who are less sure. Where that would take most
    of a cell, all are scaled.
    """
    total = tf.reduce_sum(cells, axis=-1)
    energy = tf.maximum(energy, KEPT * total)
    taken = _take(cells, cells**2 * width, (energy - total)[:, None])
    fits = tf.reduce_all(taken >= KEPT * cells, axis=-1, keepdims=True)
    return tf.where(fits, taken, cells * tf.math.divide_no_nan(energy, total)[:, None])


def _at(values: Tensor, own: NDArray[np.int64], cells: int) -> Tensor:
    """Values (N, n) at their cells, 0 at others: (N, cells)."""
    place = np.full(cells, len(own))
    place[own] = np.arange(len(own))
    return tf.gather(tf.pad(values, [(0, 0), (0, 1)]), place, axis=1)


def keep_energy(cells: Tensor, last: Tensor, energy: Tensor) -> Tensor:
    """Cells (N, X * Y) with the given sums (N,), of which those in `last` were drawn last.

    The last ones take the difference, for those before were drawn without them: strong ones in
    proportion to the square of their energy, so that the peak of single particles stays where it
    is. Where that would take most of a cell, all cells do so; and where that would, all are scaled.
    """
    difference = energy[:, None] - tf.reduce_sum(cells, axis=-1, keepdims=True)
    candidates = [_take(cells, part**2, difference) for part in (last, cells)]
    scaled = cells * tf.math.divide_no_nan(energy, tf.reduce_sum(cells, axis=-1))[:, None]
    for changed in reversed(candidates):
        fits = tf.reduce_all(changed >= KEPT * cells, axis=-1, keepdims=True)
        mends = tf.reduce_any(changed > 0, axis=-1, keepdims=True)
        scaled = tf.where(fits & mends, changed, scaled)
    return scaled


def _take(cells: Tensor, weight: Tensor, difference: Tensor) -> Tensor:
    """Cells (N, n), changed by a difference (N, 1) in proportion to a weight (N, n).

    All are -1 where no cell has any.
    """
    weights = tf.reduce_sum(weight, axis=-1, keepdims=True)
    changed = cells + tf.math.divide_no_nan(difference, weights) * weight
    return tf.where(weights > 0, changed, -tf.ones_like(cells))
