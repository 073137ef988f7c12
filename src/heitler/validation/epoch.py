"""The cheap physics check that follows training from epoch to epoch."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import Showers
from heitler.showers import ecal_sum
from heitler.validation.response import bin_labels, energy_bin_edges, response_by_bin


def epoch_check(
    geant4: Showers,
    energy_range_GeV: tuple[float, float],
    bins: int,
    spectrum: Literal["uniform", "log-uniform"],
) -> Callable[[NDArray[np.float32]], dict[str, float]]:
    """A function from generated showers (N, X, Y, Z) GeV at the same energies to metrics.

    Metrics: the response ratio R in each energy bin that has showers, and the largest |R - 1|.
    """
    edges = energy_bin_edges(*energy_range_GeV, bins, spectrum)
    deposited = ecal_sum(geant4.cells_GeV)

    def check(generated: NDArray[np.float32]) -> dict[str, float]:
        ratios = response_by_bin(ecal_sum(generated), deposited, geant4.primary_energy_GeV, edges)
        named = zip(bin_labels(edges), ratios, strict=True)
        metrics = {f"response_ratio_{label}": float(r) for label, r in named if np.isfinite(r)}
        worst = max(abs(ratio - 1) for ratio in metrics.values())
        return metrics | {"response_worst_deviation": worst}

    return check
