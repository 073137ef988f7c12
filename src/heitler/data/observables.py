"""What is kept of every shower for figures and comparisons, so that images need not stay in memory.

| observable          | shape     | unit                                                  |
|---------------------|-----------|-------------------------------------------------------|
| ecal sum            | (N,)      | GeV                                                   |
| longitudinal        | (N, Z)    | deposited energy per layer over the primary energy    |
| transverse x, y     | (N, X)    | deposited energy per column over the primary energy   |
| radial              | (N, R)    | deposited energy per ring over the primary energy     |
| cell spectrum       | (N, B)    | cells per bin of `CELL_EDGES_GEV`                     |
| coarse cells        | (N, K)    | deposited energy per block of cells over the primary  |
| structure           | (N, Q, Z) | every layer's shape and neighbours: data/structure.py |

Profiles are divided by the primary energy so that every shower weighs the same and the spread of
the beam energies does not enter their errors; their sum is the sampling fraction.

Rings and blocks lie around the middle of the image, where the particle goes when it comes in
perpendicularly.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import Showers, iterate_showers
from heitler.data.structure import layer_structure
from heitler.showers import (
    apply_threshold,
    block_sums,
    ecal_sum,
    longitudinal_profile,
    radial_profile,
    transverse_profile,
)

Float = NDArray[np.float64]

CELL_EDGES_GEV = np.geomspace(1e-6, 100.0, 65)
"""Eight bins per decade."""
BLOCKS_ACROSS = 5
"""Coarse cells: so many blocks along x and y, whole layers along z."""


@dataclass(frozen=True)
class Observables:
    """One sample of showers, reduced."""

    primary_energy_GeV: Float
    theta_rad: Float
    ecal_sum_GeV: Float
    longitudinal: Float
    """(N, Z), over the primary energy"""
    transverse_x: Float
    """(N, X), over the primary energy"""
    transverse_y: Float
    """(N, Y), over the primary energy"""
    radial: Float
    """(N, R), over the primary energy; ring r holds the cells r cells from the middle"""
    cell_spectrum: NDArray[np.int32]
    """(N, B) cells per bin"""
    coarse_cells: NDArray[np.float32]
    """(N, K), over the primary energy"""
    structure: NDArray[np.float32]
    """(N, Q, Z), `heitler.data.structure.QUANTITIES` of every layer"""
    cpu_seconds: Float
    image_GeV: Float
    """(X, Y, Z), the sum of all images"""

    def __len__(self) -> int:
        return len(self.ecal_sum_GeV)

    def __getitem__(self, rows: Any) -> "Observables":
        """Some of the showers. The sum of all images cannot be taken apart: it stays as it is."""
        chosen = {name: getattr(self, name)[rows] for name in PER_SHOWER}
        return Observables(**chosen, image_GeV=self.image_GeV)

    @property
    def sampling_fraction(self) -> Float:
        """Deposited over primary energy: (N,)."""
        return self.ecal_sum_GeV / self.primary_energy_GeV


PER_SHOWER = tuple(f.name for f in dataclasses.fields(Observables) if f.name != "image_GeV")


def measure(showers: Showers) -> Observables:
    """Reduce showers to their observables."""
    measured = measure_cells(showers.cells_GeV, showers.primary_energy_GeV)
    return dataclasses.replace(
        measured,
        theta_rad=showers.theta_rad.astype(np.float64),
        cpu_seconds=showers.cpu_seconds.astype(np.float64),
    )


def measure_cells(
    cells_GeV: NDArray[np.float32], primary_energy_GeV: NDArray[np.floating]
) -> Observables:
    """Observables of bare images: (N, X, Y, Z), (N,); angle and CPU time are NaN."""
    energy = primary_energy_GeV.astype(np.float64)
    per_GeV = 1 / energy[:, None]
    return Observables(
        primary_energy_GeV=energy,
        theta_rad=np.full(len(energy), np.nan),
        ecal_sum_GeV=ecal_sum(cells_GeV),
        longitudinal=longitudinal_profile(cells_GeV) * per_GeV,
        transverse_x=transverse_profile(cells_GeV, axis=0) * per_GeV,
        transverse_y=transverse_profile(cells_GeV, axis=1) * per_GeV,
        radial=radial_profile(cells_GeV) * per_GeV,
        cell_spectrum=_cell_spectrum(cells_GeV),
        coarse_cells=(block_sums(cells_GeV, BLOCKS_ACROSS) * per_GeV).astype(np.float32),
        structure=layer_structure(cells_GeV),
        cpu_seconds=np.full(len(energy), np.nan),
        image_GeV=cells_GeV.sum(axis=0, dtype=np.float64),
    )


def join(parts: Iterable[Observables]) -> Observables:
    """Observables of several samples together."""
    samples = list(parts)
    joined = {
        name: np.concatenate([getattr(sample, name) for sample in samples]) for name in PER_SHOWER
    }
    return Observables(**joined, image_GeV=np.sum([s.image_GeV for s in samples], axis=0))


def load_observables(path: Path, threshold_GeV: float = 0.0) -> Observables:
    """Observables of a shower file, read in pieces; cells below the threshold count as 0."""
    return join(measure(_thresholded(part, threshold_GeV)) for part in iterate_showers(path))


def _thresholded(showers: Showers, threshold_GeV: float) -> Showers:
    cells = apply_threshold(showers.cells_GeV, threshold_GeV)
    return dataclasses.replace(showers, cells_GeV=cells)


def _cell_spectrum(cells: NDArray[np.float32]) -> NDArray[np.int32]:
    counts = [np.histogram(shower[shower > 0], bins=CELL_EDGES_GEV)[0] for shower in cells]
    return np.asarray(counts, np.int32).reshape(len(cells), len(CELL_EDGES_GEV) - 1)
