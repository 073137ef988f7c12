"""Batch normalisation in few passes over memory, with sums that keep float32's precision.

TensorFlow's fused kernel is as fast, but adds up a channel's cells one after another, and so
loses up to three digits of the variance of a batch. Here cells are summed in two steps.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf

from heitler.model.convolutions import Tensor
from heitler.model.group_norm import Groups, normalize_groups

WorkerSum = Callable[[Tensor], Tensor]
"""The sum of the workers' tensors, on every worker."""


@keras.saving.register_keras_serializable("heitler")
class FastBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """BatchNormalization of the last axis; in types other than float32, Keras's own.

    Within `grouped` every group of events has its own statistics, in any type.
    """

    groups: Groups | None = None

    def call(self, inputs: Tensor, training: bool | None = None, mask: None = None) -> Tensor:
        """(N, X, Y, Z, C) -> (N, X, Y, Z, C)."""
        plain = inputs.dtype != tf.float32 and self.groups is None
        if mask is not None or self.renorm or plain:
            return super().call(inputs, training=training, mask=mask)
        return self._normalize(inputs, training)

    def _normalize(
        self, inputs: Tensor, training: bool | None, total: WorkerSum | None = None
    ) -> Tensor:
        gamma, beta = tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta)
        if not (training and self.trainable):
            scale = gamma * tf.math.rsqrt(self.moving_variance + self.epsilon)
            return scale_and_shift(inputs, scale, beta - self.moving_mean * scale)
        if self.groups is None:
            outputs, mean, variance = normalize(inputs, gamma, beta, self.epsilon, total)
        else:
            found = normalize_groups(inputs, gamma, beta, self.epsilon, self.groups)
            outputs, mean, variance = found
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return outputs


@contextlib.contextmanager
def grouped(
    norms: Iterable[keras.layers.BatchNormalization], groups: Groups | None
) -> Iterator[None]:
    """While the block is traced, these layers take the statistics of every group by itself."""
    own = [norm for norm in norms if isinstance(norm, FastBatchNormalization)]
    for norm in own:
        norm.groups = groups
    try:
        yield
    finally:
        for norm in own:
            norm.groups = None


@keras.saving.register_keras_serializable("heitler")
class SynchronisedBatchNormalization(FastBatchNormalization):
    """BatchNormalization with the statistics of the whole global batch, in any type.

    Costs one small all-reduce in the forward and one in the backward direction. Without
    `connect` this worker is alone.
    """

    _total: WorkerSum | None = None

    def connect(self, total: WorkerSum) -> None:
        """Choose the sum over workers, in use when the layer is next traced."""
        self._total = total

    def call(self, inputs: Tensor, training: bool | None = None, mask: None = None) -> Tensor:
        """(N, X, Y, Z, C) -> (N, X, Y, Z, C)."""
        return self._normalize(inputs, training, self._total)


def normalize(
    cells: Tensor, gamma: Tensor, beta: Tensor, epsilon: float, total: WorkerSum | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Cells (N, X, Y, Z, C) with mean beta and variance gamma^2; the old mean and variance (C,).

    With `total`, mean and variance are those of all workers' cells; the gradients of gamma and
    beta stay this worker's part of the sum.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def forward(cells: Tensor, gamma: Tensor, beta: Tensor) -> tuple[tuple[Tensor, ...], Any]:
        count = tf.cast(tf.size(cells) // cells.shape[-1], cells.dtype)
        mean = channel_sums(cells) / count
        distances = tf.math.squared_difference(rows(cells), tf.tile(mean, [cells.shape[-2]]))
        variance = channel_sums(tf.reshape(distances, [-1, *cells.shape[1:]])) / count
        if total:
            count, mean, variance = pooled(count, mean, variance, total)
        inverse = tf.math.rsqrt(variance + epsilon)

        def backward(upstream: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            """d cells = scale * (upstream - mean of it - normalised * mean of their product)."""
            of_beta = channel_sums(upstream)
            of_gamma = (channel_sums(upstream * cells) - mean * of_beta) * inverse
            sums = tf.stack([of_gamma, of_beta])
            product, plain = tf.unstack(total(sums) if total else sums)
            scale = gamma * inverse
            slope = -scale * inverse * product / count
            shift = -scale * plain / count - slope * mean
            of_cells = scale_and_shift(upstream, scale, shift)
            return of_cells + scale_and_shift(cells, slope, 0 * slope), of_gamma, of_beta

        scale = gamma * inverse
        return (scale_and_shift(cells, scale, beta - mean * scale), mean, variance), backward

    outputs: tuple[Tensor, Tensor, Tensor] = forward(cells, gamma, beta)
    return outputs


def pooled(
    count: Tensor, mean: Tensor, variance: Tensor, total: WorkerSum
) -> tuple[Tensor, Tensor, Tensor]:
    """Count (), mean (C,) and variance (C,) of all workers' cells together, from each one's own.

    In double precision, where the difference of large numbers loses nothing of float32's digits.
    """
    n, own_mean, own_variance = (tf.cast(x, tf.float64) for x in (count, mean, variance))
    own = tf.stack([tf.fill(tf.shape(own_mean), n), n * own_mean, n * (own_variance + own_mean**2)])
    counts, sums, squares = tf.unstack(total(own))  # (C,) each
    together = sums / counts
    pool = (counts[0], together, squares / counts - together**2)
    n, mean, variance = (tf.cast(x, mean.dtype) for x in pool)
    return n, mean, variance


def scale_and_shift(cells: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """scale * cells + shift per channel, in one pass: (N, X, Y, Z, C), (C,), (C,) -> as cells."""
    if cells.dtype != tf.float32:  # TensorFlow's kernel has no other
        return cells * scale + shift
    outputs, *_ = tf.raw_ops.FusedBatchNormV3(
        x=tf.reshape(cells, [-1, 1, 1, cells.shape[-1]]),
        scale=scale,
        offset=shift,
        mean=tf.zeros_like(scale),
        variance=tf.ones_like(scale),
        epsilon=0.0,
        is_training=False,
    )
    return tf.reshape(outputs, [-1, *cells.shape[1:]])


def channel_sums(cells: Tensor) -> Tensor:
    """(N, X, Y, Z, C) -> (C,): first over N, X and Y, then over Z."""
    columns = tf.reduce_sum(rows(cells), axis=0)
    return tf.reduce_sum(tf.reshape(columns, cells.shape[-2:]), axis=0)


def rows(cells: Tensor) -> Tensor:
    """(N, X, Y, Z, C) -> (N * X * Y, Z * C): long rows, which vector instructions like."""
    return tf.reshape(cells, [-1, cells.shape[-2] * cells.shape[-1]])
