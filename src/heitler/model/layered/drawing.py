"""Drawing a shower layer by layer from random numbers: the likelihood run forwards."""

import functools
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import tensorflow as tf

from heitler.model.layered.cell_level import Layer
from heitler.model.layered.frame import (
    axis_places,
    distances,
    radial_basis,
    straight_places,
)
from heitler.model.layered.layer_level import NUMBERS
from heitler.model.layered.noise import uniforms
from heitler.model.layered.sizes import PAST, RINGS, TOTALS, TURNS, LayeredSizes
from heitler.model.layered.state import (
    Before,
    Particle,
    cell_feature,
    cell_state,
    column_feature,
    layer_state,
    summarise,
    totals,
)
from heitler.model.layered.turns import Numbers, draw_layer

if TYPE_CHECKING:
    from heitler.model.layered.network import LayeredShower

Tensor: TypeAlias = tf.Tensor


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
    return Numbers(*tf.split(uniform, parts, axis=-1))
