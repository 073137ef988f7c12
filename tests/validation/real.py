"""Real Geant4 showers for the tests that plant defects; low energies, so that they take seconds."""

import dataclasses

import defects
import numpy as np

from heitler.data.hdf5 import Showers

GENERATED, TRUTH, REFERENCE = slice(0, 150), slice(150, 300), slice(300, 600)
EDGES_GEV = np.array([1.0, 2.5, 4.0, 5.0])


def with_cells(showers: Showers, cells: np.ndarray) -> Showers:
    return dataclasses.replace(showers, cells_GeV=cells.astype(np.float32))


def scaled(showers: Showers) -> Showers:
    return with_cells(showers, 1.2 * showers.cells_GeV)


def swapped(showers: Showers) -> Showers:
    """x and z exchanged."""
    return with_cells(showers, showers.cells_GeV.transpose(0, 3, 2, 1))


def smeared(showers: Showers) -> Showers:
    cells = showers.cells_GeV
    around = [np.roll(cells, step, axis) for axis in (1, 2) for step in (-1, 1)]
    return with_cells(showers, (cells + sum(around)) / 5)


def lifted(showers: Showers) -> Showers:
    """20 MeV more in every shower."""
    total = showers.cells_GeV.sum(axis=(1, 2, 3))
    return with_cells(showers, showers.cells_GeV * (1 + 0.02 / total)[:, None, None, None])


def blind_layer(showers: Showers) -> Showers:
    cells = showers.cells_GeV.copy()
    cells[:, :, :, 6] = 0
    return with_cells(showers, cells)


def few_hits(showers: Showers) -> Showers:
    cells = showers.cells_GeV.copy()
    cells[cells < 4e-4] = 0
    return with_cells(showers, cells)


def redrawn(showers: Showers) -> Showers:
    return _planted(showers, defects.redrawn_cells)


def independent(showers: Showers) -> Showers:
    return _planted(showers, defects.independent_cells)


def _planted(showers: Showers, defect: defects.Defect) -> Showers:
    random = np.random.default_rng(1)
    return with_cells(showers, defect(showers.cells_GeV, showers.primary_energy_GeV, random))
