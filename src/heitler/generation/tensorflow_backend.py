"""The inference form run by TensorFlow (oneDNN's convolutions on CPUs)."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.generation.inference_form import Convolution, InferenceForm
from heitler.model.convolutions import to_cells

Tensor: TypeAlias = tf.Tensor
Array = NDArray[np.float32]


def tensorflow_backend(form: InferenceForm) -> Callable[[Array], Array]:
    """A function from latent vectors (N, L) to cells (N, X, Y, Z) in cell units.

    It is compiled for batches of 1, 2, 4, 8 ... showers, when first needed; others are filled up.
    A graph for any size would be compiled only once, but takes a third more time.
    """
    compiled = tf.function(lambda latent: generate_cells(form, latent), autograph=False)

    def run(latent: Array) -> Array:
        size = 1 << (len(latent) - 1).bit_length()
        filled = np.pad(latent, [(0, size - len(latent)), (0, 0)])
        return np.asarray(compiled(tf.constant(filled, tf.float32)))[: len(latent)]

    return run


def generate_cells(form: InferenceForm, latent: Tensor) -> Tensor:
    """Latent vectors (N, L) -> cells (N, X, Y, Z) in cell units; weights may be variables."""
    matrix = form.matrix
    volume = tf.matmul(latent, _tensor(matrix.weight)) + _tensor(matrix.bias)
    volume = tf.reshape(_leaky_relu(volume, matrix.slope), (-1, *matrix.shape))
    for step in form.convolutions:
        volume = _convolve(volume, step)
    inside = (slice(c, c + n) for c, n in zip(form.cropped, form.image_shape, strict=True))
    return volume[:, *inside, 0]


def _convolve(volume: Tensor, step: Convolution) -> Tensor:
    pads = [(max(low, 0), max(high, 0)) for low, high in step.pads]
    cuts = (slice(max(-low, 0), min(high, 0) or None) for low, high in step.pads)
    volume = tf.pad(volume, [(0, 0), *pads, (0, 0)])[:, *cuts]
    volume = tf.nn.conv3d(volume, _tensor(step.kernel), strides=[1] * 5, padding="VALID")
    volume = _leaky_relu(volume + _tensor(step.bias), step.slope)
    return to_cells(volume, step.grids, step.filters) if step.rearrange else volume


def _leaky_relu(volume: Tensor, slope: float) -> Tensor:
    if slope == 1:
        return volume
    return tf.nn.leaky_relu(volume, slope) if slope else tf.nn.relu(volume)


def _tensor(array: NDArray[np.floating] | tf.Variable) -> Tensor:
    return array if isinstance(array, tf.Variable) else tf.constant(array, tf.float32)
