"""Upsampling followed by a convolution, as one short convolution before the upsampling.

Repeating every cell u times and convolving with k taps reads each source cell several times.
The outputs fall into u *phases*: outputs o, o + u, o + 2u, ... all weigh the source cells in the
same way. So one convolution of the source, with one output channel per phase and fewer taps,
gives the same numbers. Along each axis separately, and exact.

Training (`heitler.model.convolutions`) folds the kernel anew in every cycle, on single
cells; generating (`heitler.generation.rewriting`) folds once, and may leave volumes in phases.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.model.architectures import Conv, Size


@dataclass(frozen=True)
class Grid:
    """How the cells of one axis are stored: cell = phases * block + phase - shift."""

    size: int
    phases: int = 1
    shift: int = 0

    @property
    def blocks(self) -> int:
        """Blocks that hold all cells."""
        return math.ceil((self.size + self.shift) / self.phases)


@dataclass(frozen=True)
class AxisFold:
    """Upsampling, zero padding and convolution along one axis, between stored grids."""

    weight: NDArray[np.float64]
    """(phases out, taps, phases in, kernel): 1 where a kernel element meets a stored cell."""
    first: int
    """Input block under the first tap of output block 0; negative reaches into the padding."""
    source: Grid
    result: Grid

    @property
    def taps(self) -> int:
        """Length of the folded kernel."""
        return int(self.weight.shape[1])

    @property
    def pads(self) -> tuple[int, int]:
        """Zero blocks to add before and after the input; negative ones are to be cut."""
        return -self.first, self.result.blocks - 1 + self.taps + self.first - self.source.blocks

    def inside(self) -> NDArray[np.float64]:
        """(output blocks, taps): 1 where a tap meets the input, 0 in the padding."""
        block = self.first + np.add.outer(np.arange(self.result.blocks), np.arange(self.taps))
        return ((block >= 0) & (block < self.source.blocks)).astype(np.float64)


Folds = tuple[AxisFold, AxisFold, AxisFold]
Grids = tuple[Grid, Grid, Grid]


def single_cells(size: Size) -> Grids:
    """A volume that is stored cell by cell."""
    x, y, z = size
    return Grid(x), Grid(y), Grid(z)


def fold_axes(conv: Conv, source: Grids) -> Folds:
    """Upsampling, zero padding and convolution of a stored volume, along x, y and z."""
    sizes = source[0].size, source[1].size, source[2].size
    axes = zip(source, conv.kernel, conv.upsample, conv.pads, conv.output_size(sizes), strict=True)
    x, y, z = (
        fold_axis(grid, kernel=taps, upsample=copies, pad=before, size=made)
        for grid, taps, copies, (before, _), made in axes
    )
    return x, y, z


def fold_axis(source: Grid, *, kernel: int, upsample: int, pad: int, size: int) -> AxisFold:
    """The fold with the fewest multiplications among all shifts of the result's blocks.

    Args:
        source: the stored input. With several phases nothing may be padded: the surplus cells
            of its first and last blocks are not zero.
        kernel: taps before folding.
        upsample: repetitions of every input cell.
        pad: zero cells before the upsampled input.
        size: output cells.
    """
    folds = (
        _fold_axis(source, kernel, upsample, pad, Grid(size, upsample * source.phases, shift))
        for shift in range(upsample * source.phases)
    )
    return min(folds, key=lambda fold: fold.taps * fold.result.blocks)


def _fold_axis(source: Grid, kernel: int, upsample: int, pad: int, result: Grid) -> AxisFold:
    phase, tap = np.ogrid[: result.phases, :kernel]
    cell = (phase - result.shift + tap - pad) // upsample + source.shift  # of block 0
    block, source_phase = np.divmod(cell, source.phases)
    first = int(block.min())
    weight = np.zeros((result.phases, int(block.max()) - first + 1, source.phases, kernel))
    weight[phase, block - first, source_phase, tap] = 1
    return AxisFold(weight, first, source, result)


def fold_kernel(kernel: Any, folds: Folds, library: Any = np) -> Any:
    """The kernel between stored volumes.

    Args:
        kernel: (kx, ky, kz, C, D), an array or a tensor.
        folds: of the three axes.
        library: NumPy or TensorFlow, whichever made the kernel.

    Returns:
        (taps x, y, z, phases in x, y, z * C, phases out x, y, z * D).
    """
    taps, phases_in, phases_out = (
        math.prod(sizes)
        for sizes in zip(*((f.taps, f.source.phases, f.result.phases) for f in folds), strict=True)
    )
    elements, channels = kernel.shape[:3], kernel.shape[3:]
    matrix = _fold_matrix(folds).reshape(-1, math.prod(elements)).astype(kernel.dtype.name)
    folded = library.matmul(matrix, library.reshape(kernel, (matrix.shape[1], -1)))
    folded = library.reshape(folded, (taps * phases_in, phases_out, *channels))
    folded = library.transpose(folded, (0, 2, 1, 3))
    shape = (*(fold.taps for fold in folds), phases_in * channels[0], phases_out * channels[1])
    return library.reshape(folded, shape)


def _fold_matrix(folds: Folds) -> NDArray[np.float64]:
    """The weights of all axes together: (taps x, y, z, phases in, phases out, kx, ky, kz)."""
    weights = (fold.weight for fold in folds)
    matrix: NDArray[np.float64] = np.einsum("auik,bvjl,ewhm->uvwijhabeklm", *weights, optimize=True)
    return matrix
