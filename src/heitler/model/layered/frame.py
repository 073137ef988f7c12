"""Where the cells of a layer lie, seen from the shower's axis.

All that the network knows of places comes through distances from the axis, and the axis is a
function of layer and angle that was measured on the training showers: no cell is special.
"""

from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.model.architectures import Size
from heitler.model.layered.sizes import RADII, RINGS, LayeredSizes

Tensor: TypeAlias = tf.Tensor


def axis_places(axis: Tensor, theta: Tensor) -> Tensor:
    """Measured axis (2, 2, Z) and angles (N, 1) in rad -> places in cells (N, Z, 2)."""
    cot = tf.math.divide(1.0, tf.tan(theta))[:, :, None]  # (N, 1, 1)
    return tf.transpose(axis[None, :, 0] + axis[None, :, 1] * cot, [0, 2, 1])


def straight_places(axis: Tensor) -> Tensor:
    """The same without an angle: (1, Z, 2)."""
    return tf.transpose(axis[None, :, 0], [0, 2, 1])


def distances(places: Tensor, image_shape: Size) -> Tensor:
    """Places of the axis (..., 2) -> distances of a layer's cells from it (..., X * Y)."""
    x, y = (_coordinates(image_shape, side, places.dtype) for side in range(2))
    return tf.sqrt((x - places[..., :1]) ** 2 + (y - places[..., 1:]) ** 2)


def _coordinates(image_shape: Size, side: int, dtype: Any) -> Tensor:
    grid = np.meshgrid(*(np.arange(size) for size in image_shape[:2]), indexing="ij")[side]
    return tf.constant(grid.ravel(), dtype)


def radial_basis(distance: Tensor) -> Tensor:
    """Weights of the nodes `RADII` at a distance (...) for a function linear between: (..., R).

    Beyond the last node the function stays as it is there.
    """
    nodes = np.array(RADII)
    clipped = tf.minimum(distance, nodes[-1])[..., None]
    low = np.concatenate([[-1.0], nodes[:-1]])  # no distance lies below the first node
    high = np.concatenate([nodes[1:], [nodes[-1] + 1.0]])
    rising = (clipped - tf.constant(low, distance.dtype)) / tf.constant(nodes - low, distance.dtype)
    falling = (tf.constant(high, distance.dtype) - clipped) / tf.constant(
        high - nodes, distance.dtype
    )
    return tf.nn.relu(tf.minimum(rising, falling))


def ring_shares(cells: Tensor, distance: Tensor) -> Tensor:
    """Parts of a layer's energy in rings around the axis: (..., X * Y) twice -> (..., rings)."""
    total = tf.reduce_sum(cells, axis=-1, keepdims=True)
    beyond = [tf.reduce_sum(tf.where(distance >= r, cells, 0), axis=-1) for r in RINGS[1:]]
    outside = tf.stack(beyond, axis=-1)
    edges = tf.concat([total, outside, tf.zeros_like(total)], axis=-1)
    return tf.math.divide_no_nan(edges[..., :-1] - edges[..., 1:], total)


def turn_cells(sizes: LayeredSizes) -> list[NDArray[np.int64]]:
    """Which cells of a layer are drawn in which turn: rows of (X * Y,), one array a turn.

    A turn has one place in every square of 2 x 2 cells, so that no two of its cells touch.
    """
    x, y = sizes.image_shape[:2]
    index = np.arange(x * y).reshape(x, y)
    return [index[first::2, second::2].ravel() for first, second in sizes.turns]
