"""Does the shower have the right shape? Mean profiles along the depth and across.

A profile is the energy per layer (longitudinal) or per column of cells (transverse), of every
shower over its primary energy: (N, K), no unit. [Definitions: heitler.data.observables.]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SIGNIFICANT = 0.01
"""Part of a profile's maximum below which it is not judged."""


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
