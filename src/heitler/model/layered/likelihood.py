"""The likelihood of given showers, layer by layer: what training maximises.

All layers are judged at once, each given the real ones before it. Convolutions see some layers of
every shower, drawn at random: neighbouring layers of a shower teach nearly the same. The first ones
are drawn more often, for there every hit counts.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from heitler.model.layered.cell_level import Layer, Said, drawn_planes
from heitler.model.layered.frame import (
    axis_places,
    distances,
    radial_basis,
    straight_places,
    turn_cells,
)
from heitler.model.layered.mixtures import EDGE, mixture_log_chance, mixture_log_density
from heitler.model.layered.sizes import PAST, SUMS_FROM, TURNS
from heitler.model.layered.spectrum import expected_energy, to_normal
from heitler.model.layered.state import (
    Before,
    cell_feature,
    cell_state,
    column_feature,
    count_limits,
    layer_state,
    likely_count,
    log_ratio,
    of_count,
    of_sum,
    shift_summaries,
    summarise,
    totals,
)

if TYPE_CHECKING:
    from heitler.model.layered.network import LayeredShower

Tensor: TypeAlias = tf.Tensor
SYMMETRIC = 0.2
"""Cells that an axis may be off the middle for a shower to count as symmetric."""


class Showers(NamedTuple):
    """Real showers and the uniform random numbers to judge them with."""

    cells: Tensor  # (N, X, Y, Z) in mean hits
    energy: Tensor  # (N, 1) in `energy_unit_GeV`
    theta: Tensor  # (N, 1) rad
    uniform: Tensor  # (N, Z) which layers are seen


def negative_log_likelihood(
    network: "LayeredShower", showers: Showers, layers_seen: int
) -> dict[str, Tensor]:
    """In natural units per layer, each (N,): of layers' hits and energy, of cells' hits, energies.

    Convolutions see `layers_seen` layers of each shower, of which all numbers but the first are
    means; that is of all layers.
    """
    sizes, typical = network.sizes, network.typical_hits
    x, y, z = sizes.image_shape
    seen = min(layers_seen, z)
    by_layer = tf.transpose(showers.cells, [0, 3, 1, 2])  # (N, Z, X, Y)
    flat = tf.reshape(by_layer, [-1, z, x * y])
    hits = tf.reduce_sum(tf.cast(flat > 0, flat.dtype), axis=-1)  # (N, Z)
    energy = tf.reduce_sum(flat, axis=-1)
    places = (
        axis_places(network.axis, showers.theta)
        if sizes.has_theta
        else straight_places(network.axis)
    )
    distance = distances(places, sizes.image_shape)  # (N or 1, Z, X * Y)
    summaries = summarise(flat, distance, hits, typical)
    before = Before(
        shift_summaries(summaries),
        tf.cumsum(energy, axis=1, exclusive=True),
        tf.cumsum(hits, axis=1, exclusive=True),
    )
    one_hot = tf.broadcast_to(tf.eye(z, dtype=flat.dtype), [tf.shape(flat)[0], z, z])
    particle = network.particle(showers.energy, showers.theta)
    state = layer_state(particle, one_hot, before)
    of_layers = network.layer_level.log_likelihood(state, hits, energy, typical, sizes.cells)
    rows = _layers_seen(showers.uniform, seen)

    def take(values: Tensor) -> Tensor:  # (N, Z, ...) -> (N * S, ...)
        taken = tf.gather(values, rows, batch_dims=1)
        return tf.reshape(taken, [-1, *values.shape[2:]])

    basis = radial_basis(take(distance) if sizes.has_theta else distance[0])
    layer = Layer(
        _planes(by_layer, take),
        take(cell_state(state, totals(hits, energy, typical), before)),
        basis if sizes.has_theta else tf.gather(basis, tf.reshape(rows, [-1])),
        tf.gather(tf.convert_to_tensor(network.profile), tf.reshape(rows, [-1])),
    )
    per_shower = _cells(network, layer, take(flat), take(hits), take(energy))
    means = {
        name: tf.reduce_mean(tf.reshape(value, [-1, seen]), axis=1)
        for name, value in per_shower.items()
    }
    return {"layers": -tf.reduce_mean(of_layers, axis=1), **means}


def _layers_seen(uniform: Tensor, seen: int) -> Tensor:
    """Different layers of every shower: (N, Z) -> (N, S). Layer z has a weight of 1 / sqrt(1 + z).

    The first ones of a race in which each arrives at an exponential time are such a draw
    [Efraimidis and Spirakis 2006].
    """
    slowness = np.sqrt(np.arange(1, uniform.shape[1] + 1))
    return tf.argsort(-tf.math.log(uniform) * slowness.astype(uniform.dtype.name), axis=-1)[
        :, :seen
    ]


def _planes(by_layer: Tensor, take: Callable[[Tensor], Tensor]) -> Tensor:
    """Features of the cells before the layers that are seen: (M, X, Y, PAST + 1)."""
    z = by_layer.shape[1]
    feature = tf.pad(cell_feature(by_layer), [(0, 0), (PAST, 0), (0, 0), (0, 0)])
    past = [take(feature[:, PAST - back : PAST - back + z]) for back in range(1, PAST + 1)]
    column = take(column_feature(tf.cumsum(by_layer, axis=1, exclusive=True)))
    return tf.stack([*past, column], axis=-1)


def _cells(
    network: "LayeredShower", layer: Layer, cells: Tensor, hits: Tensor, energy: Tensor
) -> dict[str, Tensor]:
    """Of which cells (M, X * Y) are hit, their energies, turns' hits and energies: (M,) each."""
    sizes = network.sizes
    features = network.cell_level.features(layer)
    logarithm = tf.math.log(tf.maximum(cells, 1e-20))
    deviate = to_normal(logarithm, network.spectrum, network.deviation)
    of_hits = of_energy = of_counts = of_sums = tf.zeros_like(energy)
    done = np.zeros(sizes.cells)
    for turn, own in enumerate(turn_cells(sizes)):
        had = tf.constant(done, cells.dtype)
        drawn = cells * had
        left = hits - tf.reduce_sum(tf.cast(drawn > 0, cells.dtype), axis=-1)
        energy_left = tf.maximum(energy - tf.reduce_sum(drawn, axis=-1), 0)
        planes = drawn_planes(drawn, had, sizes)
        said = network.cell_level.say(turn, layer, features, planes, left, energy_left)
        made = tf.gather(cells, own, axis=1)
        hit = tf.cast(made > 0, cells.dtype)
        wrong = tf.nn.sigmoid_cross_entropy_with_logits(labels=hit, logits=said.cells[..., 0])
        of_hits += tf.reduce_sum(wrong, axis=-1)
        of_energy += _energies(said.cells[..., 1:], tf.gather(deviate, own, axis=1), hit)
        if turn < TURNS - 1:
            later = sizes.cells - int(done.sum()) - len(own)
            of_counts -= log_chance_of_count(network, said, hit, left, later)
            of_sums -= _sum(network, said, made, energy_left)
        done[own] = 1
    return {"hits": of_hits, "energies": of_energy, "counts": of_counts, "sums": of_sums}


def log_chance_of_count(
    network: "LayeredShower", said: Said, hit: Tensor, left: Tensor, later: int
) -> Tensor:
    """Logarithm of the chance of a turn's number of hits (M,), as `drawing` draws it."""
    mean, spread = map(tf.stop_gradient, likely_count(said.cells[..., 0], later))
    parameters = network.cell_level.say_count(said, of_count(mean, spread, left))
    count = tf.reduce_sum(hit, axis=-1)
    least, most = count_limits(left, later, hit.shape[1])
    low = tf.where(count > least, (count - 0.5 - mean) / spread, -EDGE)
    high = tf.where(count < most, (count + 0.5 - mean) / spread, EDGE)
    return mixture_log_chance(parameters, low, high)


def _sum(network: "LayeredShower", said: Said, made: Tensor, left: Tensor) -> Tensor:
    """Logarithm of the density of a turn's energy (M,), 0 where it is not drawn by itself."""
    hit = tf.cast(made > 0, made.dtype)
    count = tf.reduce_sum(hit, axis=-1)
    expected = tf.stop_gradient(
        expected_energy(said.cells[..., 1:], hit, network.spectrum, network.deviation)
    )
    parameters = network.cell_level.say_sum(said, of_sum(expected, count, left))
    density = mixture_log_density(parameters, log_ratio(tf.reduce_sum(made, axis=-1), expected))
    return tf.where(count >= SUMS_FROM, density, 0.0)


def _energies(parameters: Tensor, deviate: Tensor, hit: Tensor) -> Tensor:
    """Of the energies (M, n) of the cells that are hit: (M,). Others are not looked at."""
    rows = tf.where(hit > 0)
    density = mixture_log_density(tf.gather_nd(parameters, rows), tf.gather_nd(deviate, rows))
    return -tf.math.unsorted_segment_sum(density, rows[:, 0], tf.shape(hit, tf.int64)[0])


def mirror(network: "LayeredShower", cells: Tensor, uniform: Tensor) -> Tensor:
    """Showers (N, X, Y, Z) mirrored and turned at random where their axis allows it.

    The calorimeter is symmetric about a perpendicular shower in the middle of the image, and
    about the plane in which a slanted one lies. `uniform` (N, 3) decides.
    """
    x, y, _ = network.sizes.image_shape
    middle = tf.constant([(x - 1) / 2, (y - 1) / 2], cells.dtype)
    off = tf.reduce_max(tf.abs(network.axis[:, 0] - middle[:, None]), axis=1)
    off += tf.reduce_max(tf.abs(network.axis[:, 1]), axis=1)
    wanted = uniform < 0.5
    for side in range(2):
        turned = wanted[:, side, None, None, None] & (off[side] < SYMMETRIC)
        cells = tf.where(turned, tf.reverse(cells, [side + 1]), cells)
    if x == y:
        turned = wanted[:, 2, None, None, None] & (tf.reduce_max(off) < SYMMETRIC)
        cells = tf.where(turned, tf.transpose(cells, [0, 2, 1, 3]), cells)
    return cells
