"""Batch norm of several groups of events in one pass, each group with its own statistics.

A group is a worker's share of the batch. Computing many small ones together costs a fraction of
computing them one after another, and gives the same numbers to rounding.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from heitler.model.convolutions import Tensor


@dataclass(frozen=True)
class Groups:
    """Which events of a batch belong together."""

    of_event: Tensor
    """(N,) int32, from 0 to `count` - 1."""
    count: int


def normalize_groups(
    cells: Tensor, gamma: Tensor, beta: Tensor, epsilon: float, groups: Groups
) -> tuple[Tensor, Tensor, Tensor]:
    """Cells (N, X, Y, Z, C) of which every group has mean beta and variance gamma^2.

    Returns:
        the cells, and the mean over groups of their old means and of their old variances, (C,)
        each: what the groups' moving averages take in.
    """

    rank = len(cells.shape)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def forward(cells: Tensor, gamma: Tensor, beta: Tensor) -> tuple[tuple[Tensor, ...], Any]:
        mean = group_means(cells, groups)  # (G, C)
        centred = cells - _per_event(mean, groups, rank)
        variance = group_means(centred**2, groups)
        inverse = _per_event(tf.math.rsqrt(variance + epsilon), groups, rank)
        normalised = centred * inverse

        def backward(upstream: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            """As in `heitler.model.batch_norm.normalize`, with means over groups."""
            product = upstream * normalised
            plain = upstream - _per_event(group_means(upstream, groups), groups, rank)
            of_cells = plain - normalised * _per_event(group_means(product, groups), groups, rank)
            places = list(range(rank - 1))
            of_gamma, of_beta = (tf.reduce_sum(x, places) for x in (product, upstream))
            return gamma * inverse * of_cells, of_gamma, of_beta

        means = (tf.reduce_mean(x, axis=0) for x in (mean, variance))
        return (gamma * normalised + beta, *means), backward

    outputs: tuple[Tensor, Tensor, Tensor] = forward(cells, gamma, beta)
    return outputs


def group_means(cells: Tensor, groups: Groups) -> Tensor:
    """(N, X, Y, Z, C) -> (G, C): mean over the events and places of every group."""
    of_events = tf.reduce_mean(cells, list(range(1, len(cells.shape) - 1)))
    return tf.math.unsorted_segment_mean(of_events, groups.of_event, groups.count)


def _per_event(values: Tensor, groups: Groups, rank: int) -> Tensor:
    """(G, C) -> (N, 1, ..., 1, C), of as many axes as the cells."""
    of_events = tf.gather(values, groups.of_event)
    return tf.reshape(of_events, [-1, *[1] * (rank - 2), values.shape[-1]])
