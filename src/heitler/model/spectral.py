"""Convolution with its y and z axes in frequency space, exactly.

Discrete Fourier transforms of odd length along y (of real cells: half the frequencies suffice)
and along z (complex) turn the y and z taps into one complex product per frequency. Zero padding
makes the cyclic convolution equal to the plain one. What is left runs along x: one convolution for
every pair of frequencies, whose channels are real and imaginary parts side by side. Together
they are one grouped convolution.

The transforms are small matrices. A Fourier transform is orthogonal up to a factor: unlike
Winograd's it does not amplify rounding.
"""

from functools import lru_cache
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.base.onednn import onednn_in_force
from heitler.model.architectures import Conv, Size
from heitler.model.convolutions import PaddedConv3D, Tensor, window

Array = NDArray[np.floating]
Cells = NDArray[np.integer]


class Transforms(NamedTuple):
    """Matrices of one layer; L and M are the transforms' lengths along y and z, H = L // 2 + 1.

    Complex numbers are pairs (real, imaginary) in the axis "part".
    """

    y: Array  # (H * part, Y)
    z: Array  # (M * part, part * Z)
    kernel: Array  # (part in, ky * kz, H * M * part out)
    z_back: Array  # (part * Z', M * part)
    y_back: Array  # (Y', H * part)


def transform_length(cells_in: int, cells_out: int, pads: tuple[int, int]) -> int:
    """Smallest odd length at which no output cell sees the other end: odd has no Nyquist term."""
    shortest = max(cells_in + max(pads), cells_out)
    return shortest + 1 - shortest % 2


def frequencies(conv: Conv, size: Size) -> tuple[int, int]:
    """How many along y and z, for an input of this size."""
    y, z = map(transform_length, size[1:], conv.output_size(size)[1:], conv.pads[1:])
    return y // 2 + 1, z


def multiplications(conv: Conv, size: Size, channels: int) -> tuple[int, int]:
    """Per event: of the product, and of the transforms to and from frequency space."""
    (x, y, z), (made_x, made_y, made_z) = size, conv.output_size(size)
    half, full = frequencies(conv, size)
    product = made_x * half * full * conv.kernel[0] * 4 * channels * conv.filters
    to_spectrum = x * channels * 2 * half * z * (y + 2 * full)
    from_spectrum = made_x * conv.filters * 2 * half * made_z * (made_y + 2 * full)
    return product, to_spectrum + from_spectrum


@lru_cache
def transforms(conv: Conv, size: Size) -> Transforms:
    """The matrices for an input of this size."""
    (_, y, z), (_, y_out, z_out) = size, conv.output_size(size)
    half, full = frequencies(conv, size)
    length = 2 * half - 1
    along_y = _waves(half, np.arange(max(y, y_out)), length)  # (H, Y, part)
    along_z = _turns(_waves(full, np.arange(max(z, z_out)), full))  # (M, Z, part in, part out)
    along_z = along_z.transpose(0, 3, 2, 1)
    weight = np.where(np.arange(half), 2, 1)[:, None, None] / length  # conjugates are left out
    # The kernel's tap t stands at cell pad - t, because networks correlate.
    y_taps, z_taps = (
        pads[0] - np.arange(k) for k, pads in zip(conv.kernel[1:], conv.pads[1:], strict=True)
    )
    turned = _turns(_waves(full, z_taps, full))
    kernel = _turns(np.einsum("hyp,mzpq->yzhmq", _waves(half, y_taps, length), turned))
    return Transforms(
        y=along_y.transpose(0, 2, 1)[..., :y].reshape(2 * half, y),
        z=along_z[..., :z].reshape(2 * full, 2 * z),
        kernel=np.moveaxis(kernel, -2, 0).reshape(2, len(y_taps) * len(z_taps), -1),
        z_back=along_z[..., :z_out].reshape(2 * full, 2 * z_out).T / full,
        y_back=(along_y * weight).transpose(0, 2, 1)[..., :y_out].reshape(2 * half, y_out).T,
    )


def _waves(frequencies: int, cells: Cells, length: int) -> Array:
    """exp(-2 pi i f x / L) of the lowest frequencies: (frequencies, cells, part)."""
    angle = 2 * np.pi * np.multiply.outer(np.arange(frequencies), cells) / length
    return np.stack([np.cos(angle), -np.sin(angle)], axis=-1)


def _turns(waves: Array) -> Array:
    """Multiplication by complex numbers: (..., part) -> (..., part in, part out)."""
    real, imaginary = waves[..., 0], waves[..., 1]
    return np.stack([waves, np.stack([-imaginary, real], axis=-1)], axis=-2)


@keras.saving.register_keras_serializable("heitler")
class SpectralConv3D(PaddedConv3D):
    """ZeroPadding3D and Conv3D, transformed along y and z."""

    def convolution_op(self, cells: Tensor, kernel: Tensor) -> Tensor:
        """(N, X, Y, Z, C), (kx, ky, kz, C, F) -> (N, X', Y', Z', F)."""
        made = self.conv.output_size(cells.shape[1:4])
        matrices = transforms(self.conv, tuple(cells.shape[1:4]))
        to_y, to_z, of_kernel, z_back, y_back = (tf.constant(m, cells.dtype) for m in matrices)
        x_pads, *_ = self.conv.pads
        padding = (
            "SAME" if x_pads == Conv(self.filters, self.kernel_size, None).pads[0] else "VALID"
        )
        if padding == "VALID":
            cells = window(cells, (x_pads, (0, 0), (0, 0)))
        _, x, y, z, channels = cells.shape
        groups = of_kernel.shape[-1] // 2
        spectrum = tf.matmul(to_y, tf.reshape(cells, [-1, y, z * channels]))  # (N X, H 2, Z C)
        spectrum = tf.matmul(to_z, tf.reshape(spectrum, [-1, 2 * z, channels]))  # (N X H, M 2, C)
        spectrum = tf.reshape(spectrum, [-1, 1, x, groups * 2 * channels])
        product = convolve_groups(spectrum, _transform(kernel, of_kernel), groups, padding)
        cells = tf.reshape(product, [-1, z_back.shape[1], self.filters])  # (N X' H, M 2, F)
        cells = tf.reshape(tf.matmul(z_back, cells), [-1, y_back.shape[1], made[2] * self.filters])
        return tf.reshape(tf.matmul(y_back, cells), [-1, *made, self.filters])


def _transform(kernel: Tensor, of_kernel: Tensor) -> Tensor:
    """(kx, ky, kz, C, F), (2, ky * kz, H * M * 2) -> (1, kx, 2 * C, H * M * 2 * F)."""
    kx, ky, kz, channels, filters = kernel.shape
    taps = tf.reshape(kernel, [kx, ky * kz, channels * filters])
    taps = tf.reshape(tf.transpose(taps, [0, 2, 1]), [-1, ky * kz])
    spectra = tf.matmul(taps, of_kernel)  # (2, kx * C * F, H * M * 2)
    spectra = tf.reshape(spectra, [2, kx, channels, filters, -1])
    return tf.reshape(tf.transpose(spectra, [1, 0, 2, 4, 3]), [1, kx, 2 * channels, -1])


def convolve_groups(cells: Tensor, kernel: Tensor, groups: int, padding: str) -> Tensor:
    """A convolution along x for each of G groups of channels.

    (N, 1, X, G * C), (1, k, C, G * F) -> (N, 1, X', G * F). TensorFlow's own CPU kernels cannot
    differentiate it; oneDNN's can, in single precision.
    """
    if cells.dtype == tf.float32 and onednn_in_force():
        return tf.nn.conv2d(cells, kernel, 1, padding)
    _, taps, channels, outputs = kernel.shape
    if padding == "SAME":
        cells = tf.pad(cells, [(0, 0), (0, 0), ((taps - 1) // 2, taps // 2), (0, 0)])
    width = cells.shape[2] - taps + 1
    cells = tf.reshape(cells, [-1, *cells.shape[1:3], groups, channels])
    kernel = tf.reshape(kernel, [taps, channels, groups, -1])
    shifted = [
        tf.einsum("nhxgc,cgf->nhxgf", cells[:, :, tap : tap + width], kernel[tap])
        for tap in range(taps)
    ]
    return tf.reshape(tf.add_n(shifted), [-1, 1, width, outputs])
