"""Does the shower have the right shape? Mean profiles along the depth and across.

A profile is the energy per layer (longitudinal) or per column of cells (transverse), of every
shower over its primary energy: (N, K), no unit. [Definitions: heitler.data.observables.]

Where the energy lies along each axis, how far it spreads, how lopsided and heavy-tailed it is.

Per shower and axis, with s_i the energy in slice i and E their sum [the 3DGAN papers' definition]:

    M1 = sum_i i s_i / E,    Mk = sum_i (i - M1)^k s_i / E,    unit cell^k,    i = 0, 1, ...
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables

Float = NDArray[np.float64]

SIGNIFICANT = 0.01
"""Part of a profile's maximum below which it is not judged."""
ORDERS = 4
AXES = ("transverse_x", "transverse_y", "longitudinal")


@dataclass(frozen=True)
class MeanProfile:
    """The mean profile of a sample; every field is (K,)."""

    mean: Float
    error: Float
    """Error of the mean, s / sqrt(N), in every layer or column by itself."""


def mean_profile(profiles: Float) -> MeanProfile:
    """Mean and its error over showers: (N, K) -> (K,) each, no unit."""
    n = len(profiles)
    error = (
        profiles.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(profiles.shape[1:], np.nan)
    )
    return MeanProfile(profiles.mean(axis=0), error)


def relative_difference(generated: MeanProfile, geant4: MeanProfile) -> tuple[Float, Float]:
    """(generated - Geant4) / Geant4 and its error: (K,) each, no unit; NaN where Geant4 is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(geant4.mean > 0, generated.mean / geant4.mean, np.nan)
        error = np.hypot(generated.error, ratio * geant4.error) / geant4.mean
    return ratio - 1.0, error


def unit_profile(profiles: Float) -> Float:
    """The mean profile scaled to a sum of 1: (N, K) -> (K,), no unit; NaN without any energy."""
    mean = profiles.mean(axis=0)
    total = mean.sum()
    return np.asarray(mean / total) if total > 0 else np.full(mean.shape, np.nan)


def profile_error(generated: Float, geant4: Float) -> float:
    """sum_k |p_k - q_k| of the unit profiles p and q: (N, K), (M, K) -> 0 (equal) to 2 (disjoint).

    It judges the shape alone: a wrong energy scale leaves it unchanged. Between two independent
    Geant4 samples it is the floor, above 0 by statistics alone. NaN for a single k.
    """
    if geant4.shape[1] < 2:
        return float("nan")
    return float(np.abs(unit_profile(generated) - unit_profile(geant4)).sum())


def largest_relative_deviation(generated: Float, geant4: Float) -> float:
    """max_k |p_k / q_k - 1| of mean profiles where q_k > 1% of its maximum: (N, K), (M, K).

    Unlike `profile_error` it feels the energy scale. [heitler's own floor of 1%: further out a
    profile is a few cells of a few showers.]
    """
    mean, truth = generated.mean(axis=0), geant4.mean(axis=0)
    significant = truth > SIGNIFICANT * truth.max()
    if not significant.any():
        return float("nan")
    return float(np.abs(mean[significant] / truth[significant] - 1).max())


def profile_moments(profiles: Float) -> Float:
    """The first four moments of every profile: (N, K), any unit -> (N, 4) cell^k.

    NaN for showers without energy.
    """
    place = np.arange(profiles.shape[1], dtype=np.float64)
    total = profiles.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = profiles / total[:, None]
    first = weights @ place
    distance = place - first[:, None]  # (N, K)
    higher = [(weights * distance**order).sum(axis=1) for order in range(2, ORDERS + 1)]
    return np.stack([first, *higher], axis=1)


def shower_moments(sample: Observables) -> Float:
    """Moments along x, y and z: (N, 3, 4) cell^k."""
    return np.stack([profile_moments(getattr(sample, axis)) for axis in AXES], axis=1)


def mean_moments(sample: Observables) -> Float:
    """Means over the showers that have energy: (3, 4) cell^k; NaN if none has."""
    moments = shower_moments(sample)
    lit = moments[np.isfinite(moments[:, :, 0]).all(axis=1)]
    return lit.mean(axis=0) if len(lit) else np.full(moments.shape[1:], np.nan)


def moment_deviation(generated: Observables, truth: Observables, order: int) -> float:
    """How far the mean moment is off, the worst of the three axes, no unit.

    Orders 1 and 2: |M_generated / M_Geant4 - 1|. Orders 3 and 4, which may be 0 (a symmetric
    shower has no third moment): |M_generated - M_Geant4| / M2_Geant4^(k/2), the difference of
    skewness and kurtosis in units of Geant4's width. An axis on which Geant4's moment and the
    difference are 0, such as the depth of a single layer, is left out; NaN if none is left.
    """
    made, mc = mean_moments(generated), mean_moments(truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = mc[:, order - 1] if order <= 2 else mc[:, 1] ** (order / 2)
        difference = made[:, order - 1] - mc[:, order - 1]
        there = (scale > 0) | (difference != 0)
        return float(np.abs(difference / scale)[there].max()) if there.any() else float("nan")
