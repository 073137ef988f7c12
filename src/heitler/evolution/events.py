"""Projections of showers on one transverse axis, and the energies to estimate. Pure NumPy."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import iterate_showers

Float = NDArray[np.float32]


@dataclass(frozen=True)
class ProjectedEvents:
    """Images that a network reads and energies that it estimates."""

    images_GeV: Float
    """(N, Y, Z) energies summed along x."""
    primary_energy_GeV: Float
    """(N,)"""

    def __len__(self) -> int:
        return len(self.primary_energy_GeV)


def project(showers_GeV: NDArray[np.floating]) -> Float:
    """Sum along the first transverse axis, x: (N, X, Y, Z) GeV -> (N, Y, Z) GeV."""
    return np.asarray(showers_GeV.sum(axis=1, dtype=np.float64), np.float32)


def load_projections(path: Path, at_most: int | None = None) -> ProjectedEvents:
    """The first `at_most` showers of a file, projected while they are read."""
    images, energies = [], []
    for showers in iterate_showers(path):
        images.append(project(showers.cells_GeV))
        energies.append(showers.primary_energy_GeV)
        if at_most is not None and sum(map(len, energies)) >= at_most:
            break
    return ProjectedEvents(np.concatenate(images)[:at_most], np.concatenate(energies)[:at_most])


@dataclass(frozen=True)
class Units:
    """What images and energies are divided by; taken from training showers only."""

    cell_GeV: float
    """Root mean square of a cell of the projections."""
    energy_GeV: float
    """Mean primary energy."""

    @classmethod
    def of(cls, events: ProjectedEvents) -> "Units":
        """The units of a training set."""
        rms = np.sqrt(np.mean(np.square(events.images_GeV, dtype=np.float64)))
        return cls(float(rms), float(events.primary_energy_GeV.mean(dtype=np.float64)))


def batch_rows(showers: int, batch_size: int, *, seed: int, step: int) -> NDArray[np.int64]:
    """Rows of batch `step`, counted from 0 over all epochs: whole batches of one permutation per
    epoch, the same for every strategy with this seed."""
    batch_size = min(batch_size, showers)
    epoch, index = divmod(step, showers // batch_size)
    return _order(showers, seed, epoch)[index * batch_size : (index + 1) * batch_size]


@lru_cache(maxsize=4)
def _order(showers: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(showers)
