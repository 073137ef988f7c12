"""Convolution with its z axis in frequency space: one 2-D convolution per frequency, exactly.

A real discrete Fourier transform of odd length L along z turns the z taps into L/2 complex
products. Zero padding up to L makes the cyclic convolution equal to the plain one. Each complex
frequency is one 2-D convolution whose channels are real and imaginary parts side by side, so it
multiplies 4 numbers for 2 cells: (2L - 1) / (k * cells_out) of the plain multiplications, with
twice as many channels, which fill the processor's vector registers better.

The transform is orthogonal up to a factor: unlike Winograd's it does not amplify rounding.
"""

from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.model.architectures import Conv, Size
from heitler.model.padded import PaddedConv3D, Tensor, window

Array = NDArray[np.float64]


def transform_length(cells_in: int, cells_out: int, pads: tuple[int, int]) -> int:
    """Smallest odd length at which no output cell sees the other end: odd has no Nyquist term."""
    shortest = max(cells_in + max(pads), cells_out)
    return shortest + 1 - shortest % 2


def multiplications_left(conv: Conv, size: Size) -> float:
    """Share of the plain convolution's multiplications that the spectral one needs."""
    taps, cells_out = conv.kernel[2], conv.output_size(size)[2]
    length = transform_length(size[2], cells_out, conv.pads[2])
    return (2 * length - 1) / (taps * cells_out)


@lru_cache
def spectral_matrices(
    cells_in: int, cells_out: int, taps: int, pads: tuple[int, int]
) -> tuple[Array, Array, Array]:
    """Forward (L, cells_in), taps (L/2, taps, 2, 2) and inverse (cells_out, L) matrices.

    Spectra are (real 0, real 1, imaginary 1, real 2, ...). The kernel's tap t stands at cell
    pads[0] - t, because networks correlate; per frequency it is the rotation that maps the (real,
    imaginary) part of the cells, first of the last two axes, to that of the product, the second.
    """
    length = transform_length(cells_in, cells_out, pads)
    frequency = np.arange(1, length // 2 + 1)
    angle = 2 * np.pi * np.outer(frequency, np.arange(length)) / length
    waves = np.stack([np.cos(angle), -np.sin(angle)], axis=1).reshape(-1, length)
    forward = np.concatenate([np.ones((1, length)), waves])
    inverse = np.concatenate([forward[:1], 2 * forward[1:]]).T / length
    turn = 2 * np.pi * np.outer(frequency, pads[0] - np.arange(taps)) / length
    real, imaginary = np.cos(turn), -np.sin(turn)
    rotation = np.stack([real, imaginary, -imaginary, real], axis=-1)
    return forward[:, :cells_in], rotation.reshape(*turn.shape, 2, 2), inverse[:cells_out]


@keras.saving.register_keras_serializable("heitler")
class SpectralConv3D(PaddedConv3D):
    """ZeroPadding3D and Conv3D, transformed along z."""

    def convolution_op(self, cells: Tensor, kernel: Tensor) -> Tensor:
        """(N, X, Y, Z, C), (kx, ky, kz, C, F) -> (N, X', Y', Z', F)."""
        size = self.conv.output_size(cells.shape[1:4])
        x_pads, y_pads, z_pads = self.conv.pads
        same = Conv(self.filters, self.kernel_size, pad=None).pads
        padding = "SAME" if (x_pads, y_pads) == same[:2] else "VALID"
        if padding == "VALID":
            cells = window(cells, (x_pads, y_pads, (0, 0)))
        _, x, y, z, channels = cells.shape
        forward, rotation, inverse = (
            tf.constant(matrix, cells.dtype)
            for matrix in spectral_matrices(z, size[2], self.kernel_size[2], z_pads)
        )
        pairs = rotation.shape[0]
        spectrum = tf.matmul(forward, tf.reshape(cells, [-1, z, channels]))  # (N X Y, L, C)
        spectrum = tf.reshape(spectrum, [-1, x, y, (2 * pairs + 1) * channels])
        parts = tf.split(spectrum, [channels] + [2 * channels] * pairs, axis=-1)
        products = [
            tf.nn.conv2d(part, taps, 1, padding)  # (N, X', Y', F or 2F)
            for part, taps in zip(parts, self._transform_kernel(kernel, rotation), strict=True)
        ]
        product = tf.reshape(tf.concat(products, axis=-1), [-1, 2 * pairs + 1, self.filters])
        return tf.reshape(tf.matmul(inverse, product), [-1, *size, self.filters])

    def _transform_kernel(self, kernel: Tensor, rotation: Tensor) -> list[Tensor]:
        """One (kx, ky, C, F) kernel for frequency 0, then one (kx, ky, 2C, 2F) per pair."""
        kx, ky, _, channels, filters = kernel.shape
        kernels = tf.einsum("ktpq,xytcf->kxypcqf", rotation, kernel)
        kernels = tf.reshape(kernels, [-1, kx, ky, 2 * channels, 2 * filters])
        return [tf.reduce_sum(kernel, axis=2), *tf.unstack(kernels)]
