"""Upsampling and convolution as one short convolution, exactly: `heitler.model.phases`."""

import keras
import tensorflow as tf

from heitler.model.padded import PaddedConv3D, Tensor, window
from heitler.model.phases import Grids, fold_axes, fold_kernel, single_cells


@keras.saving.register_keras_serializable("heitler")
class FoldedUpsamplingConv3D(PaddedConv3D):
    """UpSampling3D, ZeroPadding3D and Conv3D in one; equal up to the order of additions."""

    def convolution_op(self, cells: Tensor, kernel: Tensor) -> Tensor:
        """(N, X, Y, Z, C), (kx, ky, kz, C, F) -> (N, X', Y', Z', F)."""
        folds = fold_axes(self.conv, single_cells(cells.shape[1:4]))
        x, y, z = folds
        source = window(cells, (x.pads, y.pads, z.pads))
        kernel = fold_kernel(tf.convert_to_tensor(kernel), folds, tf)
        phases = tf.nn.conv3d(source, kernel, [1] * 5, "VALID")
        return to_cells(phases, (x.result, y.result, z.result), self.filters)


def to_cells(volume: Tensor, grids: Grids, channels: int) -> Tensor:
    """Phases to single cells: (N, blocks x, y, z, phases x, y, z * C) -> (N, X, Y, Z, C)."""
    split = [grid.blocks for grid in grids] + [grid.phases for grid in grids]
    cells = tf.reshape(volume, [-1, *split, channels])
    cells = tf.transpose(cells, [0, 1, 4, 2, 5, 3, 6, 7])
    stored = [grid.blocks * grid.phases for grid in grids]
    cells = tf.reshape(cells, [-1, *stored, channels])
    x, y, z = (
        (-grid.shift, grid.size + grid.shift - made)
        for grid, made in zip(grids, stored, strict=True)
    )
    return window(cells, (x, y, z))
