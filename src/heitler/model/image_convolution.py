"""The discriminator's first convolution, with a fast gradient with respect to the image.

The image has one channel, so that gradient is a convolution with a single output channel, which
uses one lane of the processor's vectors. Here the y and z taps become output channels, whose
shifted sum is the gradient; everything else is Conv3D as it is.
"""

from typing import Any

import keras
import tensorflow as tf

from heitler.model.architectures import Size
from heitler.model.padded import PaddedConv3D, Pads, Tensor, window


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
