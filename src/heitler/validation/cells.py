"""Single cells: how their energies are distributed, and how many are hit."""

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import CELL_EDGES_GEV, Observables
from heitler.validation.separation import separation_power

Float = NDArray[np.float64]


def hits(sample: Observables, threshold_GeV: float) -> Float:
    """Cells above the threshold in every shower: (N,).

    Counted in the cell spectrum, from its first edge that is not below the threshold (eight
    edges per decade; 1, 0.1, 0.01 MeV are edges).
    """
    first = int(np.searchsorted(CELL_EDGES_GEV, threshold_GeV * (1 - 1e-9)))
    return np.asarray(sample.cell_spectrum[:, first:].sum(axis=1), np.float64)


def hits_ratio(generated: Observables, truth: Observables, threshold_GeV: float) -> float:
    """<hits>_generated / <hits>_Geant4, no unit."""
    expected = hits(truth, threshold_GeV).mean()
    return float(hits(generated, threshold_GeV).mean() / expected) if expected else float("nan")


def sparsity(sample: Observables, threshold_GeV: float) -> float:
    """Part of all cells that are not hit, 1 - <hits> / cells: 0 to 1."""
    return float(1 - hits(sample, threshold_GeV).mean() / sample.image_GeV.size)


def sparsity_difference(generated: Observables, truth: Observables, threshold_GeV: float) -> float:
    """Generated minus Geant4, no unit."""
    return sparsity(generated, threshold_GeV) - sparsity(truth, threshold_GeV)


def separation_cells(generated: Observables, truth: Observables) -> float:
    """S of the energies of all cells with energy, in eight logarithmic bins per decade."""
    p, q = (sample.cell_spectrum.sum(axis=0, dtype=np.float64) for sample in (generated, truth))
    return separation_power(p, q)
