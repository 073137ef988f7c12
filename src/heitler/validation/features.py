"""Showers as rows of numbers, for the metrics that look at many numbers at once."""

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables
from heitler.data.structure import quantity
from heitler.validation.cells import hits
from heitler.validation.moments import shower_moments

Float = NDArray[np.float64]

SMALLEST = 1e-9
"""Part of the primary energy that stands for nothing in a logarithm."""
FAINTEST_GEV = 1e-9
"""Stands for an empty layer in a logarithm."""
OF_LAYERS = (
    "hits", "strong_hits", "centre_x", "centre_y", "width_x", "width_y", "radius", "radial_width",
)  # fmt: skip
"""High-level features of every layer besides its energy."""


def high_level_features(sample: Observables, hit_threshold_GeV: float) -> Float:
    """What a physicist would look at: (N, F), no unit, finite also for empty showers.

    Sampling fraction; layer and ring energies over the primary energy; along each axis centre of
    gravity and width in cells; number of hits over 1,000.
    """
    moments = shower_moments(sample)  # (N, 3, 4)
    columns = [
        sample.sampling_fraction[:, None],
        sample.longitudinal,
        sample.radial,
        moments[:, :, 0],
        np.sqrt(np.abs(moments[:, :, 1])),
        hits(sample, hit_threshold_GeV)[:, None] / 1e3,
    ]
    return np.asarray(np.nan_to_num(np.concatenate(columns, axis=1)), np.float64)


def layer_features(sample: Observables) -> Float:
    """High-level features of every layer, as CaloChallenge's classifiers see them: (N, F).

    log10 of the layers' energies in GeV; centres and widths in cells; hits above two thresholds;
    log10 of the total. Centres and widths of empty layers are 0.
    """
    energies = sample.longitudinal * sample.primary_energy_GeV[:, None]
    columns = [
        np.log10(np.maximum(energies, FAINTEST_GEV)),
        *(np.nan_to_num(quantity(sample.structure, name)) for name in OF_LAYERS),
        np.log10(np.maximum(sample.ecal_sum_GeV, FAINTEST_GEV))[:, None],
    ]
    return np.asarray(np.concatenate(columns, axis=1), np.float64)


def with_energy(features: Float, sample: Observables) -> Float:
    """The features and the logarithm of the primary energy: (N, F) -> (N, F + 1)."""
    return np.column_stack([features, np.log(sample.primary_energy_GeV)])


def low_level_features(sample: Observables) -> Float:
    """Logarithms of coarse cells over the primary energy, and its own: (N, K + 1)."""
    return with_energy(np.log(np.maximum(sample.coarse_cells, SMALLEST)), sample)
