"""The mean shower of a prepared file: what a generator may start from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.hdf5_opening import open_for_reading

AT_ONCE = 256


def mean_shower(path: Path) -> NDArray[np.float64]:
    """Mean of cells over primary energy: (X, Y, Z), no unit; its sum is the sampling fraction."""
    with open_for_reading(path) as file:
        cells, energy = file["ECAL"], file["energy"][:]
        total = np.zeros(cells.shape[1:], np.float64)
        for start in range(0, len(energy), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            total += np.tensordot(1 / energy[rows].astype(np.float64), cells[rows], axes=1)
    return total / len(energy)
