"""Upsampling and convolution as one short convolution, exactly: `heitler.model.phases`."""

import keras
import tensorflow as tf

from heitler.model.architectures import Conv, Size
from heitler.model.padded import PaddedConv3D, Tensor, window
from heitler.model.phases import AxisFold, Grid, fold_axis


@keras.saving.register_keras_serializable("heitler")
class FoldedUpsamplingConv3D(PaddedConv3D):
    """UpSampling3D, ZeroPadding3D and Conv3D in one; equal up to the order of additions.

    One convolution makes all phases of the upsampled cells as channels; interleaving them is
    the image.
    """

    def convolution_op(self, cells: Tensor, kernel: Tensor) -> Tensor:
        """(N, X, Y, Z, C), (kx, ky, kz, C, F) -> (N, X', Y', Z', F)."""
        folds = fold_axes(self.conv, cells.shape[1:4])
        source = window(cells, tuple(fold.pads for fold in folds))
        phases = tf.nn.conv3d(source, _fold_kernel(kernel, folds), [1] * 5, "VALID")
        return self._interleave(phases, [fold.result for fold in folds])

    def _interleave(self, phases: Tensor, grids: list[Grid]) -> Tensor:
        """(N, X/u, Y/u, Z/u, u * u * u * F) -> (N, X', Y', Z', F)."""
        blocks = [grid.blocks for grid in grids]
        cells = tf.reshape(phases, [-1, *blocks, *self.upsample, self.filters])
        cells = tf.transpose(cells, [0, 1, 4, 2, 5, 3, 6, 7])
        stored = [grid.blocks * grid.phases for grid in grids]
        cells = tf.reshape(cells, [-1, *stored, self.filters])
        surplus = [
            (-grid.shift, grid.size + grid.shift - made)
            for grid, made in zip(grids, stored, strict=True)
        ]
        return window(cells, tuple(surplus))


def fold_axes(conv: Conv, size: Size) -> list[AxisFold]:
    """Upsampling and convolution folded along x, y, z, for this many source cells."""
    axes = zip(size, conv.kernel, conv.upsample, conv.pads, conv.output_size(size), strict=True)
    return [
        fold_axis(Grid(source), kernel=taps, upsample=copies, pad=before, size=made)
        for source, taps, copies, (before, _), made in axes
    ]


def _fold_kernel(kernel: Tensor, folds: list[AxisFold]) -> Tensor:
    """(kx, ky, kz, C, F) -> (taps_x, taps_y, taps_z, C, u_x * u_y * u_z * F)."""
    x, y, z = (tf.constant(fold.weight[:, :, 0], kernel.dtype) for fold in folds)
    kernel = tf.einsum("aix,xyzcf->aiyzcf", x, kernel)
    kernel = tf.einsum("bjy,aiyzcf->abijzcf", y, kernel)
    kernel = tf.einsum("dlz,abijzcf->ijlcabdf", z, kernel)
    return tf.reshape(kernel, [*kernel.shape[:4], -1])
