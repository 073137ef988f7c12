"""The losses of 3DGAN, each by name, summed over events.

Every loss is a sum over the given events divided by `count`, the number of events in the whole
global batch: summed over workers it is the mean over the global batch, whatever the sharding.
"""

import math
from typing import TypeAlias

import tensorflow as tf

from heitler.config import LossWeights

Tensor: TypeAlias = tf.Tensor
EPSILON = 1e-7


def binary_cross_entropy(label: Tensor, logit: Tensor, count: Tensor) -> Tensor:
    """Real against fake: labels and logits (N, 1) -> scalar."""
    terms = tf.nn.sigmoid_cross_entropy_with_logits(labels=label, logits=logit)
    return tf.reduce_sum(terms) / count


def absolute_percentage_error(target: Tensor, value: Tensor, count: Tensor) -> Tensor:
    """100 |target - value| / |target|: (N, 1), (N, 1) -> scalar, in percent."""
    relative = tf.abs(target - value) / tf.maximum(tf.abs(target), EPSILON)
    return 100.0 * tf.reduce_sum(relative) / count


def absolute_error(target: Tensor, value: Tensor, count: Tensor) -> Tensor:
    """|target - value|: (N, 1), (N, 1) -> scalar."""
    return tf.reduce_sum(tf.abs(target - value)) / count


def cell_sum(cells: Tensor) -> Tensor:
    """Deposited energy in cell units, the discriminator's third head: (N, X, Y, Z, 1) -> (N, 1)."""
    return tf.reduce_sum(cells, axis=(1, 2, 3))


def measured_theta(cells: Tensor) -> Tensor:
    """Angle of the shower's axis to the calorimeter's face, in rad: (N, X, Y, Z, 1) -> (N, 1).

    The slope along y of each layer's barycentre against the whole shower's, in cells, averaged
    over layers with the layer number as weight (`ecal_angle` of the public variable-angle code).
    Empty layers do not count; an empty image gives 0.
    """
    image = cells[..., 0]  # (N, X, Y, Z)
    x, y, z = (tf.range(n, dtype=image.dtype) + 0.5 for n in image.shape[1:])
    total = tf.reduce_sum(image, axis=(1, 2, 3))[:, None]  # (N, 1)
    layer = tf.reduce_sum(image, axis=(1, 2))  # (N, Z)
    x_layer = tf.math.divide_no_nan(tf.einsum("nxyz,x->nz", image, x), layer)
    y_layer = tf.math.divide_no_nan(tf.einsum("nxyz,y->nz", image, y), layer)
    x_mean, y_mean, z_mean = (
        tf.math.divide_no_nan(tf.reduce_sum(layer * centre, axis=1, keepdims=True), total)
        for centre in (x_layer, y_layer, tf.broadcast_to(z, tf.shape(layer)))
    )
    run = tf.sqrt(tf.maximum((x_layer - x_mean) ** 2 + (z - z_mean) ** 2, EPSILON))
    slope = (y_layer - y_mean) / run * tf.where(z < z_mean, -tf.ones_like(z), 1.0)
    angle = math.pi / 2 - tf.atan(slope)
    weight = tf.where(layer > 0, z, 0.0)
    return tf.math.divide_no_nan(
        tf.reduce_sum(weight * angle, axis=1, keepdims=True),
        tf.reduce_sum(weight, axis=1, keepdims=True),
    )


def weighted_total(losses: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """The total that is minimised."""
    return tf.add_n([getattr(weights, name) * loss for name, loss in losses.items()])
