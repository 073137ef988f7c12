"""The showers that no training has seen, and those that were generated at their energies."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import read_attributes
from heitler.data.observables import Observables, join, load_observables
from heitler.data.summary import load_summary
from heitler.validation.compare import check_pairs
from heitler.validation.response import energy_bin_edges

OTHERS = ("train", "validation")


@dataclass(frozen=True)
class HeldOut:
    """Geant4's showers to judge generators by."""

    geant4: Observables
    """The test set."""
    reference: Observables
    """All other showers, for the floor."""
    edges_GeV: NDArray[np.float64]
    """Edges of the bins of primary energy."""
    cell_threshold_GeV: float
    """Cells below were set to 0 when the showers were prepared."""

    def load_generated(self, path: Path) -> Observables:
        """Observables of showers generated at the test set's energies, with the same threshold.

        Raises:
            ComparisonError: if they were not.
        """
        generated = load_observables(path, self.cell_threshold_GeV)
        check_pairs(generated, self.geant4)
        return generated


def load_held_out(prepared: Path, energy_bins: int) -> HeldOut:
    """From the folder of the prepared showers."""
    test = prepared / "test.h5"
    attributes, summary = read_attributes(test), load_summary(prepared / "summary.json")
    spectrum = attributes.get("energy_spectrum", "uniform")
    return HeldOut(
        geant4=load_observables(test),
        reference=join(load_observables(prepared / f"{name}.h5") for name in OTHERS),
        edges_GeV=energy_bin_edges(
            summary.energy_min_GeV, summary.energy_max_GeV, energy_bins, spectrum
        ),
        cell_threshold_GeV=attributes["cell_threshold_GeV"],
    )
