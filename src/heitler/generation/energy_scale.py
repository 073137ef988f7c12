"""A last correction of a generator's energy scale, as a function of the primary energy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating]


@dataclass(frozen=True)
class EnergyScale:
    """Factors at primary energies, linear in between and constant outside."""

    energy_GeV: tuple[float, ...] = (1.0,)
    factor: tuple[float, ...] = (1.0,)

    def __call__(self, primary_energy_GeV: Float) -> NDArray[np.float32]:
        """What to multiply the cells of showers by: (N,) GeV -> (N,)."""
        scale = np.interp(primary_energy_GeV, self.energy_GeV, self.factor)
        return np.asarray(scale, np.float32)


def fit_energy_scale(
    primary_energy_GeV: Float, ecal_sum: Float, wanted_ecal_sum: Float, bins: int
) -> EnergyScale:
    """The scale that gives pairs of showers the wanted mean sampling fraction: (N,) each.

    One factor per bin of primary energy, at its mean; bins are equally filled. A bin in which
    either generator deposits nothing is left as it is.
    """
    order = np.argsort(primary_energy_GeV)
    energies, factors = [], []
    for rows in np.array_split(order, min(bins, len(order))):
        energy = primary_energy_GeV[rows]
        made, wanted = ((s[rows] / energy).mean() for s in (ecal_sum, wanted_ecal_sum))
        energies.append(float(energy.mean()))
        factors.append(float(wanted / made) if made > 0 and wanted > 0 else 1.0)
    return EnergyScale(tuple(energies), tuple(factors))
