"""The base of this project's rewritten convolutions: Keras's Conv3D that upsamples and pads itself.

A rewrite computes the same numbers as UpSampling3D, ZeroPadding3D and Conv3D in a row, faster. It
stores the kernel and bias of that Conv3D under the same names and shapes, so weights move freely
between the plain and the fast form of a network.
"""

from typing import Any, TypeAlias

import keras
import tensorflow as tf

from heitler.model.architectures import Conv, Size

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
