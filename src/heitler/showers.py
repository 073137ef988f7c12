"""What a shower is: sums, profiles and moments of its image. Pure NumPy.

Showers are arrays (N, X, Y, Z) of cell energies in GeV; see `heitler.detector` for the axes.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def ecal_sum(showers: Array) -> NDArray[np.float64]:
    """Energy deposited in all cells: (N, X, Y, Z) GeV -> (N,) GeV."""
    return np.asarray(showers.sum(axis=(1, 2, 3), dtype=np.float64))


def sampling_fraction(showers: Array, primary_energy_GeV: Array) -> NDArray[np.float64]:
    """Deposited over primary energy, the ordinate of the paper's Fig. 2: (N,)."""
    return ecal_sum(showers) / np.asarray(primary_energy_GeV, np.float64)


def longitudinal_profile(showers: Array) -> NDArray[np.float64]:
    """Energy per layer: (N, X, Y, Z) GeV -> (N, Z) GeV."""
    return np.asarray(showers.sum(axis=(1, 2), dtype=np.float64))


def transverse_profile(showers: Array, axis: int = 0) -> NDArray[np.float64]:
    """Energy per cell along x (axis 0) or y (axis 1): (N, X, Y, Z) GeV -> (N, X or Y) GeV."""
    summed = (2, 3) if axis == 0 else (1, 3)
    return np.asarray(showers.sum(axis=summed, dtype=np.float64))


def radial_profile(showers: Array) -> NDArray[np.float64]:
    """Energy per ring around the image's middle: (N, X, Y, Z) GeV -> (N, R) GeV.

    Ring r holds the columns whose distance from the middle rounds to r cells; the last ones lie
    in the image's corners.
    """
    front = showers.sum(axis=3, dtype=np.float64)  # (N, X, Y)
    x, y = (np.arange(size) - (size - 1) / 2 for size in front.shape[1:])
    ring = np.rint(np.hypot(x[:, None], y[None, :])).astype(int)  # (X, Y)
    membership = ring.reshape(-1, 1) == np.arange(ring.max() + 1)  # (X * Y, R)
    return np.asarray(front.reshape(-1, len(membership)) @ membership)


def block_sums(showers: Array, across: int) -> NDArray[np.float64]:
    """Energy in blocks of cells: (N, X, Y, Z) GeV -> (N, K) GeV, K = across * across * Z.

    X and Y are cut into `across` parts each, symmetrically and as equal as whole cells allow;
    into single cells where there are fewer.
    """
    sums = showers
    for axis in (1, 2):
        size = showers.shape[axis]
        starts = np.rint(np.linspace(0, size, min(across, size) + 1)[:-1]).astype(int)
        sums = np.add.reduceat(sums, starts, axis=axis, dtype=np.float64)
    return np.asarray(sums.reshape(-1, math.prod(sums.shape[1:])))


def merge_cells(showers: Array, across: int, along: int) -> Array:
    """Showers of a coarser read-out: (N, X, Y, Z) GeV -> (N, X', Y', Z') GeV, energies conserved.

    Blocks of `across` x `across` cells, which lie symmetrically about the middle if their number
    allows (those at the edges may be narrower), and of `along` layers, counted from the front (the
    last may be thinner).
    """
    x, y, z = showers.shape[1:]
    starts = (_centred_starts(x, across), _centred_starts(y, across), np.arange(0, z, along))
    merged: NDArray[np.floating] = showers
    for axis, first in enumerate(starts, start=1):
        merged = np.add.reduceat(merged, first, axis=axis, dtype=np.float64)
    return merged.astype(showers.dtype)


def _centred_starts(size: int, width: int) -> NDArray[np.int64]:
    """Where blocks begin whose middle is that of `size` cells, to half a cell."""
    blocks = -(-size // width)
    first = np.arange(blocks) * width - (blocks * width - size) // 2
    return np.asarray(np.maximum(first, 0), np.int64)


def apply_threshold(showers: Array, threshold_GeV: float) -> Array:
    """Set cells below the threshold to 0, returning a new array."""
    return np.where(showers < threshold_GeV, showers.dtype.type(0), showers)
