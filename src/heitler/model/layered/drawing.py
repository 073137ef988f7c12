"""Drawing a shower layer by layer from random numbers: the likelihood run forwards."""

import functools
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.model.layered.cell_level import Layer, Said, drawn_planes
from heitler.model.layered.frame import (
    axis_places,
    distances,
    radial_basis,
    straight_places,
    turn_cells,
)
from heitler.model.layered.layer_level import NUMBERS
from heitler.model.layered.mixtures import draw_mixture, mixture_width
from heitler.model.layered.noise import logistic, uniforms
from heitler.model.layered.sizes import PAST, RINGS, SUMS_FROM, TOTALS, TURNS, LayeredSizes
from heitler.model.layered.spectrum import expected_energy, from_normal
from heitler.model.layered.state import (
    Before,
    Particle,
    cell_feature,
    cell_state,
    column_feature,
    count_limits,
    layer_state,
    likely_count,
    of_count,
    of_sum,
    scaled_sum,
    summarise,
    totals,
)

if TYPE_CHECKING:
    from heitler.model.layered.network import LayeredShower

Tensor: TypeAlias = tf.Tensor
SURE = 4.6
"""Logit, of 99%, from which on a cell comes before all others: with few hits, the noise of many
cells would pass by one that is never missed."""
FIRST = 1000.0
MOST = 0.99
"""Part of the energy that is left which a turn takes at most where later ones have hits."""
KEPT = 0.2
"""Part of its energy that a cell keeps at least where strong cells take a layer's surplus."""


class Numbers(NamedTuple):
    """The random numbers of one layer of N showers."""

    hit: Tensor  # (N, X * Y) logistic
    choice: Tensor  # (N, X * Y) uniform
    energy: Tensor  # (N, X * Y) uniform
    layer: Tensor  # (N, 4) uniform
    counts: Tensor  # (N, 2 (TURNS - 1)) uniform
    sums: Tensor  # (N, 2 (TURNS - 1)) uniform


def numbers_per_layer(sizes: LayeredSizes) -> int:
    """Uniform numbers that a layer is drawn with."""
    return 3 * sizes.cells + NUMBERS + 4 * (TURNS - 1)


def draw_shower(
    network: "LayeredShower", particle: Particle, theta: Tensor, noise: Tensor
) -> Tensor:
    """Showers (N, X, Y, Z) in units of the mean hit, from latent noise (N, L)."""
    sizes = network.sizes
    x, y, z = sizes.image_shape
    count = numbers_per_layer(sizes)
    uniform = tf.reshape(uniforms(noise, z * count), [-1, z, count])
    places = axis_places(network.axis, theta) if sizes.has_theta else straight_places(network.axis)
    step = functools.partial(_next_layer, network, particle, places, uniform)
    showers, dtype = tf.shape(noise)[0], noise.dtype
    nothing = tf.zeros([showers], dtype)
    start = _Drawn(
        Before(tf.zeros([showers, PAST, TOTALS + len(RINGS)], dtype), nothing, nothing),
        tf.zeros([showers, x, y, PAST], dtype),
        tf.zeros([showers, x, y, 1], dtype),
        tf.TensorArray(dtype, z, element_shape=[None, sizes.cells]),
    )
    _, end = tf.while_loop(lambda index, _: index < z, step, (tf.constant(0), start))
    by_layer = tf.reshape(end.cells.stack(), [z, -1, x, y])
    return tf.transpose(by_layer, [1, 2, 3, 0])


class _Drawn(NamedTuple):
    """What is known of N showers after some of their layers."""

    before: Before
    planes: Tensor  # (N, X, Y, PAST) features of the last layers, the last one first
    column: Tensor  # (N, X, Y, 1) energy of all layers
    cells: tf.TensorArray  # by layer (N, X * Y)


def _next_layer(
    network: "LayeredShower",
    particle: Particle,
    places: Tensor,
    uniform: Tensor,
    index: Tensor,
    drawn: _Drawn,
) -> tuple[Tensor, _Drawn]:
    sizes, typical, before = network.sizes, network.typical_hits, drawn.before
    x, y, z = sizes.image_shape
    numbers = _numbers(uniform[:, index], sizes)
    one_hot = tf.one_hot(tf.fill(tf.shape(before.hits), index), z, dtype=uniform.dtype)
    state = layer_state(particle, one_hot, before)
    hits, energy = network.layer_level.draw(state, numbers.layer, typical, sizes.cells)
    energy = tf.maximum(energy, hits * tf.exp(network.spectrum[0]))
    distance = distances(places[:, index], sizes.image_shape)
    layer = Layer(
        tf.concat([drawn.planes, column_feature(drawn.column)], axis=-1),
        cell_state(state, totals(hits, energy, typical), before),
        radial_basis(distance),
        tf.gather(tf.convert_to_tensor(network.profile), index)[None],
    )
    cells = draw_layer(network, layer, hits, energy, numbers)
    summary = summarise(cells, distance, hits, typical)
    image = tf.reshape(cells, [-1, x, y, 1])
    return index + 1, _Drawn(
        Before(
            tf.concat([summary[:, None], before.summaries[:, :-1]], axis=1),
            before.energy + energy,
            before.hits + hits,
        ),
        tf.concat([cell_feature(image), drawn.planes[..., :-1]], axis=-1),
        drawn.column + image,
        drawn.cells.write(index, cells),
    )


def _numbers(uniform: Tensor, sizes: LayeredSizes) -> Numbers:
    cells, more = sizes.cells, TURNS - 1
    parts = [cells, cells, cells, NUMBERS, 2 * more, 2 * more]
    hit, *others = tf.split(uniform, parts, axis=-1)
    return Numbers(logistic(hit), *others)


def _pair(numbers: Tensor, turn: int) -> tuple[Tensor, Tensor]:
    """The two (N,) of a turn."""
    return numbers[:, turn], numbers[:, TURNS - 1 + turn]


def draw_layer(
    network: "LayeredShower", layer: Layer, hits: Tensor, energy: Tensor, numbers: Numbers
) -> Tensor:
    """Cells (N, X * Y) with exactly the given hits (N,) and energy (N,), in mean hits."""
    sizes = network.sizes
    features = network.cell_level.features(layer)
    turns = turn_cells(sizes)
    left, energy_left = hits, energy
    cells = tf.zeros_like(numbers.hit)
    last, done = cells, np.zeros(sizes.cells)
    for turn, own in enumerate(turns):
        planes = drawn_planes(cells, tf.constant(done, cells.dtype), sizes)
        said = network.cell_level.say(turn, layer, features, planes, left, energy_left)
        count = tf.minimum(left, len(own))
        if turn < len(turns) - 1:
            done[own] = 1
            later = sizes.cells - int(done.sum())
            count = draw_count(network, said, left, later, _pair(numbers.counts, turn))
        uniform = (tf.gather(part, own, axis=1) for part in (numbers.choice, numbers.energy))
        deviate = draw_mixture(said.cells[..., 1:], *uniform)
        logit = said.cells[..., 0]
        sure = tf.cast(logit > SURE, logit.dtype) * FIRST
        hit = _strongest(logit + sure + tf.gather(numbers.hit, own, axis=1), count)
        last = hit * tf.exp(from_normal(deviate, network.spectrum, network.deviation))
        if turn < len(turns) - 1:
            total = _draw_sum(network, said, hit, energy_left, _pair(numbers.sums, turn))
            total = tf.where(left > count, total, energy_left)
            summed = to_sum(last, mixture_width(said.cells[..., 1:]), total)
            last = tf.where(count[:, None] >= SUMS_FROM, summed, last)
        last = _at(last, own, sizes.cells)
        cells += last
        left -= count
        energy_left = tf.maximum(energy - tf.reduce_sum(cells, axis=-1), 0)
    return keep_energy(cells, last, energy)


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


def _strongest(score: Tensor, count: Tensor) -> Tensor:
    """1 for the `count` (N,) highest of scores (N, X * Y), else 0."""
    ranked = tf.sort(score, axis=-1, direction="DESCENDING")
    last = tf.gather(ranked, tf.cast(tf.maximum(count - 1, 0), tf.int32), batch_dims=1)
    return tf.cast((score >= last[:, None]) & (count[:, None] > 0), score.dtype)


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
