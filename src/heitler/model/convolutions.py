"""The discriminator's first convolution, with a fast gradient with respect to the image.

The image has one channel, so that gradient is a convolution with a single output channel, which
uses one lane of the processor's vectors. Here the y and z taps become output channels, whose
shifted sum is the gradient; everything else is Conv3D as it is.

Upsampling and convolution as one short convolution, exactly: `heitler.model.phases`.

The base of this project's rewritten convolutions: Keras's Conv3D that upsamples and pads itself.

A rewrite computes the same numbers as UpSampling3D, ZeroPadding3D and Conv3D in a row, faster. It
stores the kernel and bias of that Conv3D under the same names and shapes, so weights move freely
between the plain and the fast form of a network.
"""

from typing import Any, TypeAlias

import keras
import tensorflow as tf

from heitler.model.architectures import Conv, Size
from heitler.model.phases import Grids, fold_axes, fold_kernel, single_cells

Tensor: TypeAlias = tf.Tensor
Pads = tuple[tuple[int, int], ...]


class PaddedConv3D(keras.layers.Conv3D):  # type: ignore[misc]
    """Upsample, zero-pad, convolve; subclasses choose how, in `convolution_op`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        pad: Size | None = (0, 0, 0),
        upsample: Size = (1, 1, 1),
        **options: Any,
    ) -> None:
        super().__init__(filters, _size(kernel_size), padding="valid", **options)
        self.pad = None if pad is None else _size(pad)
        self.upsample = _size(upsample)

    @property
    def conv(self) -> Conv:
        """What this layer computes."""
        return Conv(self.filters, self.kernel_size, self.pad, self.upsample)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, X, Y, Z, C) -> (N, X', Y', Z', filters)."""
        return (input_shape[0], *self.conv.output_size(_size(input_shape[1:4])), self.filters)

    def get_config(self) -> dict[str, Any]:
        """What `keras.saving` needs to build this layer again."""
        config: dict[str, Any] = super().get_config()
        del config["padding"]
        return {**config, "pad": self.pad, "upsample": self.upsample}


def _size(numbers: Any) -> Size:
    x, y, z = numbers  # a list after loading
    return x, y, z


def window(cells: Tensor, pads: Pads) -> Tensor:
    """Zero-pad, or for negative pads cut off, cells (N, X, Y, Z, C) before and after each axis.

    Cutting uses `tf.slice`, whose gradient is a padding; that of Python slices is slow.
    """
    cut = [(max(-before, 0), max(-after, 0)) for before, after in pads]
    if any(map(any, cut)):
        left = [n - sum(ends) for n, ends in zip(cells.shape[1:4], cut, strict=True)]
        cells = tf.slice(cells, [0, *(before for before, _ in cut), 0], [-1, *left, -1])
    added = [(max(before, 0), max(after, 0)) for before, after in pads]
    return tf.pad(cells, [(0, 0), *added, (0, 0)]) if any(map(any, added)) else cells


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


@keras.saving.register_keras_serializable("heitler")
class ImageConv3D(PaddedConv3D):
    """ZeroPadding3D and Conv3D of an image with one channel."""

    def convolution_op(self, image: Tensor, kernel: Tensor) -> Tensor:
        """(N, X, Y, Z, 1), (kx, ky, kz, 1, F) -> (N, X', Y', Z', F)."""
        strides = [1] * 5

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def convolve(image: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
            padded = window(image, self.conv.pads)

            def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
                of_kernel = tf.raw_ops.Conv3DBackpropFilterV2(
                    input=padded,
                    filter_sizes=kernel.shape,
                    out_backprop=upstream,
                    strides=strides,
                    padding="VALID",
                )
                return image_gradient(upstream, kernel, self.conv.pads), of_kernel

            return tf.nn.conv3d(padded, kernel, strides, "VALID"), gradient

        return convolve(image, tf.convert_to_tensor(kernel))


def image_gradient(upstream: Tensor, kernel: Tensor, pads: Pads) -> Tensor:
    """Gradient of a stride-1 convolution with respect to its one-channel input.

    Args:
        upstream: (N, X', Y', Z', F) gradient with respect to the output.
        kernel: (kx, ky, kz, 1, F)
        pads: Zero cells before and after each axis of the image.

    Returns:
        (N, X, Y, Z, 1)
    """
    size: Size = tuple(kernel.shape[:3])
    x_pads, y_pads, z_pads = (
        (k - 1 - before, k - 1 - after) for k, (before, after) in zip(size, pads, strict=True)
    )
    flipped = tf.transpose(tf.reverse(kernel[:, :, :, 0], [0, 1, 2]), [0, 3, 1, 2])
    flipped = tf.reshape(flipped, [size[0], 1, 1, kernel.shape[4], size[1] * size[2]])
    by_tap = window(upstream, (x_pads, (0, 0), (0, 0)))
    by_tap = tf.nn.conv3d(by_tap, flipped, [1] * 5, "VALID")  # (N, X, Y', Z', ky * kz)
    by_z_tap = _shifted_sum(window(by_tap, ((0, 0), y_pads, (0, 0))), 2, size[1])
    return _shifted_sum(window(by_z_tap, ((0, 0), (0, 0), z_pads)), 3, size[2])


def _shifted_sum(by_tap: Tensor, axis: int, taps: int) -> Tensor:
    """Sum over taps (the major part of the channels), tap t read t cells further along the axis."""
    cells, channels = by_tap.shape[axis] - taps + 1, by_tap.shape[-1] // taps
    size = [-1] * 5
    size[axis], size[-1] = cells, channels
    shifts = []
    for tap in range(taps):
        begin = [0] * 5
        begin[axis], begin[-1] = tap, tap * channels
        shifts.append(tf.slice(by_tap, begin, size))
    return tf.add_n(shifts)
