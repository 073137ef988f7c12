"""Judges genomes of any architecture on showers in memory; one compiled graph per architecture."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf
from architecture_search.space import Architecture
from numpy.typing import NDArray

from heitler.evolution.events import ProjectedEvents, Units

Float = NDArray[np.float32]
Tensor: TypeAlias = tf.Tensor
GRAPHS = 16
"""Compiled graphs that are kept."""
SLOPE = 0.3
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "leaky_relu": lambda x: tf.maximum(x, SLOPE * x),
    "relu": tf.nn.relu,
    "elu": tf.nn.elu,
    "tanh": tf.nn.tanh,
}


class Judge:
    """Losses and gradients on one set of showers."""

    def __init__(self, events: ProjectedEvents, units: Units) -> None:
        self.count = len(events)
        self.image = events.images_GeV.shape[1], events.images_GeV.shape[2]
        images = events.images_GeV[..., None] / np.float32(units.cell_GeV)
        self._images = tf.constant(images)  # (N, Y, Z, 1)
        self._energy = tf.constant(events.primary_energy_GeV / np.float32(units.energy_GeV))
        self.compiled = lru_cache(GRAPHS)(self._compile)
        self.compiled_gradient = lru_cache(GRAPHS)(self._compile_gradient)

    def losses(self, architecture: Architecture, genomes: Float, rows: NDArray[np.int64]) -> Float:
        """Mean relative error of every individual: (P, D), (B,) -> (P,)."""
        return np.asarray(self.compiled(architecture, len(genomes))(genomes, rows))

    def gradient(
        self, architecture: Architecture, genome: Tensor, rows: NDArray[np.int64]
    ) -> Tensor:
        """(D,) of the loss of one genome, (D,)."""
        return self.compiled_gradient(architecture)(genome, rows)

    def _compile_gradient(self, architecture: Architecture) -> Any:
        def gradient(genome: Tensor, rows: Tensor) -> Tensor:
            with tf.GradientTape() as tape:
                tape.watch(genome)
                loss = self._relative_error(architecture, 1, genome[None], rows)
            return tape.gradient(loss, genome)

        signature = [tf.TensorSpec((architecture.genes,)), tf.TensorSpec((None,), tf.int64)]
        return tf.function(gradient, input_signature=signature, autograph=False)

    def _compile(self, architecture: Architecture, population: int) -> Any:
        signature = [
            tf.TensorSpec((population, architecture.genes)),
            tf.TensorSpec((None,), tf.int64),
        ]
        return tf.function(
            lambda genomes, rows: self._relative_error(architecture, population, genomes, rows),
            input_signature=signature,
            autograph=False,
        )

    def _relative_error(
        self, architecture: Architecture, population: int, genomes: Tensor, rows: Tensor
    ) -> Tensor:
        truth = tf.gather(self._energy, rows)  # (B,)
        images = tf.gather(self._images, rows)  # (B, Y, Z, 1)
        estimates = forward(architecture, population, genomes, images)  # (P, B)
        return tf.reduce_mean(tf.abs(estimates / truth - 1), axis=1)


def forward(architecture: Architecture, population: int, genomes: Tensor, images: Tensor) -> Tensor:
    """Estimates of a whole population: (P, D), (B, Y, Z, 1) -> (P, B).

    The first layer reads the same images for all: one convolution with P*F filters.
    """
    sizes = [int(np.prod(shape)) for shape in architecture.weight_shapes]
    *kernels, dense = (
        tf.reshape(part, (population, *shape))
        for part, shape in zip(
            tf.split(genomes, sizes, axis=1), architecture.weight_shapes, strict=True
        )
    )
    first, *others = zip(architecture.layers, kernels, strict=True)
    layer, kernel = first
    wide = tf.reshape(
        tf.transpose(kernel, (1, 2, 3, 0, 4)), (layer.kernel, layer.kernel, 1, -1)
    )  # (K, K, 1, P*F)
    hidden = tf.nn.conv2d(images, wide, layer.stride, "VALID")
    hidden = ACTIVATIONS[layer.activation](hidden)
    each = tf.split(hidden, population, axis=3)  # P times (B, Y', Z', F)
    for layer, kernel in others:
        activate = ACTIVATIONS[layer.activation]
        each = [
            activate(tf.nn.conv2d(x, k, layer.stride, "VALID"))
            for x, k in zip(each, tf.unstack(kernel), strict=True)
        ]
    flat = tf.stack([tf.reshape(x, (tf.shape(images)[0], -1)) for x in each])  # (P, B, A*F)
    return tf.matmul(flat, tf.reshape(dense, (population, -1, 1)))[..., 0]  # (P, B)
