"""What a shower is: sums, profiles and moments of its image. Pure NumPy.

Showers are arrays (N, X, Y, Z) of cell energies in GeV; see `heitler.detector` for the axes.
"""

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


def apply_threshold(showers: Array, threshold_GeV: float) -> Array:
    """Set cells below the threshold to 0, returning a new array."""
    return np.where(showers < threshold_GeV, showers.dtype.type(0), showers)
