"""What is seen of a generator after every epoch: on validation showers, and on those that judge."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import Showers, concatenate
from heitler.data.observables import measure_cells
from heitler.degradation.curves import LAYER, RESPONSE, SPREAD
from heitler.validation.epoch import Cells, epoch_check
from heitler.validation.response import bin_labels, energy_bin_edges, response_by_bin


def followed(
    validation: Showers, test: Showers, energy_range_GeV: tuple[float, float], bins: int
) -> tuple[Showers, Callable[[Cells, Cells | None], dict[str, float]]]:
    """The showers to generate at every epoch, and what is measured of them.

    Metrics are those of `heitler.validation.epoch` on the validation showers, and on the test
    showers R in bins of energy, the ratio of mean energies over primary energy in every layer, and
    that of the spreads of the sampling fraction.
    """
    first = len(validation)
    check = epoch_check(validation, energy_range_GeV, bins, "uniform")
    edges = energy_bin_edges(*energy_range_GeV, bins, "uniform")
    labels = bin_labels(edges)
    truth = measure_cells(test.cells_GeV, test.primary_energy_GeV)

    def measure(cells: Cells, training_mode: Cells | None) -> dict[str, float]:
        made = measure_cells(cells[first:], test.primary_energy_GeV)
        response = response_by_bin(
            made.ecal_sum_GeV, truth.ecal_sum_GeV, truth.primary_energy_GeV, edges
        )
        layers = _ratios(made.longitudinal.mean(axis=0), truth.longitudinal.mean(axis=0))
        spreads = made.sampling_fraction.std(), truth.sampling_fraction.std()
        return {
            **check(cells[:first], None if training_mode is None else training_mode[:first]),
            **{RESPONSE + name: float(r) for name, r in zip(labels, response, strict=True)},
            **{f"{LAYER}{z:02d}": float(ratio) for z, ratio in enumerate(layers)},
            SPREAD: float(spreads[0] / spreads[1]),
        }

    return concatenate([validation, test]), measure


def _ratios(made: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(made, truth, out=np.full_like(truth, np.nan), where=truth > 0)
