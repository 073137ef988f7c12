"""The two published 3DGAN architectures as data, and their fit to any image shape.

Sources: the public code of the 25x25x25 network (fixed angle) and of the 51x51x25 network
(variable angle), https://github.com/svalleco/3Dgan; parameter counts are pinned in the tests.
"""

from dataclasses import dataclass

from heitler.base.errors import ConfigError

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Conv:
    """Upsample, zero-pad, then convolve without padding; then activation and batch norm."""

    filters: int
    kernel: Size
    pad: Size | None = (0, 0, 0)
    """Cells added on both sides of each axis; None keeps the size ("same")."""
    upsample: Size = (1, 1, 1)
    batch_norm: bool = True
    bias: bool = True
    last: bool = False
    """The layer that makes the image: ReLU, so that cells may be exactly empty."""

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Zero cells before and after each axis; "same" as TensorFlow pads it."""
        if self.pad is None:
            return tuple(((k - 1) // 2, k // 2) for k in self.kernel)
        return tuple((p, p) for p in self.pad)

    def output_size(self, size: Size) -> Size:
        """Cells along each axis after this layer."""
        grown = [n * up for n, up in zip(size, self.upsample, strict=True)]
        if self.pad is None:
            return grown[0], grown[1], grown[2]
        x, y, z = (n + 2 * p - k + 1 for n, p, k in zip(grown, self.pad, self.kernel, strict=True))
        return x, y, z


@dataclass(frozen=True)
class Architecture:
    """A generator and a discriminator that belong together."""

    generator: tuple[Conv, ...]
    discriminator: tuple[Conv, ...]
    base_channels: int
    """Channels of the small volume that the generator's dense layer makes."""
    leaky_generator: bool
    """LeakyReLU between the generator's layers; otherwise ReLU."""
    batch_norm_epsilon: float


ARCHITECTURES = {
    "3dgan-25": Architecture(
        generator=(
            Conv(64, (6, 6, 8), pad=None),
            Conv(6, (6, 5, 8), pad=(2, 2, 0), upsample=(2, 2, 2)),
            Conv(6, (3, 3, 8), pad=(1, 0, 3), upsample=(2, 2, 3), batch_norm=False),
            Conv(1, (2, 2, 2), batch_norm=False, bias=False, last=True),
        ),
        discriminator=(
            Conv(32, (5, 5, 5), pad=None, batch_norm=False),
            Conv(8, (5, 5, 5), pad=(2, 2, 2)),
            Conv(8, (5, 5, 5), pad=(2, 2, 2)),
            Conv(8, (5, 5, 5), pad=(1, 1, 1)),
        ),
        base_channels=8,
        leaky_generator=True,
        batch_norm_epsilon=1e-3,
    ),
    "3dgan-51-angle": Architecture(
        generator=(
            Conv(8, (6, 6, 8), upsample=(6, 6, 6)),
            Conv(6, (4, 4, 6), pad=(2, 2, 1)),
            Conv(6, (4, 4, 6), pad=(2, 2, 1)),
            Conv(6, (4, 4, 6), pad=(2, 2, 1)),
            Conv(6, (3, 3, 5), pad=(1, 1, 0)),
            Conv(6, (3, 3, 3), pad=(1, 1, 0), batch_norm=False),
            Conv(1, (2, 2, 2), batch_norm=False, last=True),
        ),
        discriminator=(
            Conv(16, (5, 6, 6), pad=None, batch_norm=False),
            Conv(8, (5, 6, 6), pad=(0, 0, 1)),
            Conv(8, (5, 6, 6), pad=(0, 0, 1)),
            Conv(8, (5, 6, 6)),
        ),
        base_channels=8,
        leaky_generator=False,
        batch_norm_epsilon=1e-6,
    ),
}


def output_size(layers: tuple[Conv, ...], size: Size) -> Size:
    """Cells along each axis after all layers."""
    for layer in layers:
        size = layer.output_size(size)
    return size


def base_size(layers: tuple[Conv, ...], image_shape: Size) -> Size:
    """The smallest volume from which the generator's layers reach `image_shape`.

    For the published shapes the result is exact; otherwise the surplus is cropped.
    """
    base = [1, 1, 1]
    for axis, wanted in enumerate(image_shape):
        while output_size(layers, (base[0], base[1], base[2]))[axis] < wanted:
            base[axis] += 1
    return base[0], base[1], base[2]


def check_discriminator_fits(layers: tuple[Conv, ...], image_shape: Size) -> None:
    """Raise `ConfigError` if the image is too small for the discriminator's kernels."""
    final = output_size(layers, image_shape)
    if min(final) < 2:
        raise ConfigError(
            f"detector: an image of {image_shape} cells is too small for the chosen model.network "
            f"(its last layer would have {final}). Keep more cells or add layers."
        )
