"""Do layers fluctuate together as in Geant4? An early shower is weak at the back."""

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables
from heitler.validation.profiles import SIGNIFICANT

Float = NDArray[np.float64]


def layer_correlation(sample: Observables) -> Float:
    """Pearson's r of the layers' energies over the primary energy: (Z, Z), -1 to 1.

    NaN where a layer never changes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.atleast_2d(np.corrcoef(sample.longitudinal, rowvar=False))


def significant_layers(truth: Observables) -> NDArray[np.bool_]:
    """Layers with more than 1% of the mean profile's maximum: (Z,)."""
    profile = truth.longitudinal.mean(axis=0)
    return np.asarray(profile > SIGNIFICANT * profile.max())


def correlation_difference(generated: Observables, truth: Observables) -> float:
    """Largest |r_generated - r_Geant4| over pairs of significant layers, 0 to 2.

    A generated layer that never changes correlates with nothing: r = 0. NaN where fewer than two
    of Geant4's layers change.
    """
    kept = significant_layers(truth) & (truth.longitudinal.std(axis=0) > 0)
    if kept.sum() < 2:
        return float("nan")
    made, mc = (layer_correlation(sample)[np.ix_(kept, kept)] for sample in (generated, truth))
    return float(np.abs(np.nan_to_num(made) - mc).max())
