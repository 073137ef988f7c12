"""The cheap physics check that follows training from epoch to epoch."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import Showers
from heitler.data.observables import Observables, measure_cells
from heitler.validation.profiles import profile_error
from heitler.validation.response import (
    bin_labels,
    energy_bin_edges,
    largest_finite,
    offset_MeV,
    response_by_bin,
)
from heitler.validation.separation import separation
from heitler.validation.structure import hits_ratio

Cells = NDArray[np.float32]

SEPARATION_BINS = 20
HIT_THRESHOLD_GEV = 1e-4
DISJOINT = 1.0
"""Separation power of samples that do not overlap: the worst."""
EMPTY_SHAPE = 2.0
"""Profile error of a generator that deposits nothing: that of disjoint profiles."""


def epoch_check(
    geant4: Showers,
    energy_range_GeV: tuple[float, float],
    bins: int,
    spectrum: Literal["uniform", "log-uniform"],
) -> Callable[[Cells, Cells | None], dict[str, float]]:
    """A function from generated showers at the same energies to metrics.

    Its arguments are showers (N, X, Y, Z) in GeV: those of the generator as it is used, with
    batch norm's moving averages, and, if any, those with the statistics of a training batch.
    Metrics:

    - `response_ratio_...`: R in each energy bin that has showers.
    - `response_worst_deviation`: the largest |R - 1|.
    - `training_mode_...`: both with the statistics of a training batch. Where they differ much,
      the moving averages do not suit.
    - `offset_MeV`, `hits_ratio`, `separation_ecal_sum`: as on the score card.
    - `longitudinal_profile_error`, `transverse_profile_error` (the worse of x and y).
    - `selection_score`: the largest |R - 1| plus the longitudinal profile error plus S(Esum): the
      mean energy, its place and its fluctuation; 0 is perfect.
    """
    edges = energy_bin_edges(*energy_range_GeV, bins, spectrum)
    truth = measure_cells(geant4.cells_GeV, geant4.primary_energy_GeV)

    def check(generated: Cells, training_mode: Cells | None = None) -> dict[str, float]:
        made = measure_cells(generated, geant4.primary_energy_GeV)
        metrics = _response(made, truth, edges) | _shapes(made, truth)
        metrics["selection_score"] = (
            metrics["response_worst_deviation"]
            + metrics.get("longitudinal_profile_error", EMPTY_SHAPE)
            + metrics.get("separation_ecal_sum", DISJOINT)
        )
        if training_mode is not None:
            other = measure_cells(training_mode, geant4.primary_energy_GeV)
            found = _response(other, truth, edges)
            metrics |= {f"training_mode_{name}": value for name, value in found.items()}
        return metrics

    return check


def _response(
    made: Observables, truth: Observables, edges_GeV: NDArray[np.float64]
) -> dict[str, float]:
    ratios = response_by_bin(
        made.ecal_sum_GeV, truth.ecal_sum_GeV, truth.primary_energy_GeV, edges_GeV
    )
    named = zip(bin_labels(edges_GeV), ratios, strict=True)
    metrics = {f"response_ratio_{label}": float(r) for label, r in named if np.isfinite(r)}
    return metrics | {"response_worst_deviation": largest_finite(np.abs(ratios - 1))}


def _shapes(made: Observables, truth: Observables) -> dict[str, float]:
    """What else is cheap; numbers that an empty generator does not give are left out."""
    across = [
        profile_error(getattr(made, name), getattr(truth, name))
        for name in ("transverse_x", "transverse_y")
    ]
    found = {
        "offset_MeV": offset_MeV(made, truth),
        "longitudinal_profile_error": profile_error(made.longitudinal, truth.longitudinal),
        "transverse_profile_error": max(across),
        "separation_ecal_sum": separation(made.ecal_sum_GeV, truth.ecal_sum_GeV, SEPARATION_BINS),
        "hits_ratio": hits_ratio(made, truth, HIT_THRESHOLD_GEV),
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}
