"""How well two histograms can be told apart: the separation power.

    S = 1/2 sum_i (p_i - q_i)^2 / (p_i + q_i),    sum p = sum q = 1

from 0 (equal) to 1 (disjoint) [CaloChallenge, arXiv:2410.21611; there the reference's range and
binning]. Here the bins are equal steps over the truth's range, and what lies outside counts in the
first or last bin: showers that no Geant4 shower looks like are not dropped. Statistics alone
gives about bins / (2 N), which the floor shows.
"""

import numpy as np
from hist import Hist, axis
from numpy.typing import NDArray

from heitler.data.observables import Observables
from heitler.validation.profiles import profile_moments

Float = NDArray[np.float64]


def separation_power(p: Float, q: Float) -> float:
    """S of two histograms of any norm: (B,), (B,) -> 0 to 1; NaN if one is empty."""
    if not (p.sum() > 0 and q.sum() > 0):
        return float("nan")
    p, q = p / p.sum(), q / q.sum()
    filled = p + q > 0
    return float(0.5 * ((p - q)[filled] ** 2 / (p + q)[filled]).sum())


def separation(generated: Float, truth: Float, bins: int) -> float:
    """S of two samples of one number per shower: (N,), (M,), any unit; NaN numbers are left out."""
    generated, truth = (values[np.isfinite(values)] for values in (generated, truth))
    if not len(generated) or not len(truth):
        return float("nan")
    low, high = float(truth.min()), float(truth.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    shared = axis.Regular(bins, low, high, underflow=False, overflow=False)
    just_below = np.nextafter(high, low)
    counts = [
        Hist(shared).fill(np.clip(values, low, just_below)).values()
        for values in (generated, truth)
    ]
    return separation_power(*counts)


def separation_layers(generated: Observables, truth: Observables, bins: int) -> float:
    """Mean over the layers of S of the layer's energy over the primary energy."""
    pairs = zip(generated.longitudinal.T, truth.longitudinal.T, strict=True)
    return float(np.mean([separation(made, mc, bins) for made, mc in pairs]))


def depth(sample: Observables) -> Float:
    """Centre of gravity along z: (N,) layers; NaN where there is one layer."""
    layers = sample.longitudinal.shape[1]
    return (
        profile_moments(sample.longitudinal)[:, 0] if layers > 1 else np.full(len(sample), np.nan)
    )


def width(sample: Observables) -> Float:
    """Spread across, sqrt(M2x + M2y): (N,) cells; NaN where there is one cell across."""
    if sample.transverse_x.shape[1] == sample.transverse_y.shape[1] == 1:
        return np.full(len(sample), np.nan)
    spread = sum(profile_moments(p)[:, 1] for p in (sample.transverse_x, sample.transverse_y))
    return np.asarray(np.sqrt(spread))
