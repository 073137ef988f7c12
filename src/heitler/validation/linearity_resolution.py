"""Is the response linear, and does it fluctuate as Geant4's?

In bins of primary energy, mu90 and sigma90 are mean and standard deviation of the sampling
fraction f = Esum / Ep over the shortest interval that holds 90% of the showers [the convention
of particle-flow calorimetry, M. Thomson, NIM A 611 (2009) 25]: tails do not decide. sigma90 is not
scaled up to a Gaussian's sigma; in a ratio of two samples the factor cancels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from heitler.data.observables import Observables
from heitler.validation.response import largest_finite

Float = NDArray[np.float64]

CORE = 0.9
FEWEST_SHOWERS = 5
"""A bin with fewer has no interval of 90% worth the name."""


@dataclass(frozen=True)
class CoreByEnergy:
    """mu90 and sigma90 of the sampling fraction in B bins of primary energy; NaN where empty."""

    energy_GeV: Float
    """(B,) mean primary energy"""
    mu90: Float
    """(B,) no unit"""
    sigma90: Float
    """(B,) no unit"""
    showers: NDArray[np.int64]
    """(B,)"""

    @property
    def resolution(self) -> Float:
        """sigma90 / mu90: (B,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.sigma90 / self.mu90)

    @property
    def resolution_error(self) -> Float:
        """Error of a Gaussian sample's standard deviation: relative error 1 / sqrt(2 n)."""
        return np.asarray(self.resolution / np.sqrt(2 * np.maximum(self.showers, 1)))


@dataclass(frozen=True)
class ResolutionFit:
    """sigma / mu = a / sqrt(E) + b / E + c, added in quadrature, E in GeV."""

    stochastic: float
    """a, sqrt(GeV)"""
    noise_GeV: float
    """b"""
    constant: float
    """c"""
    errors: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Errors of a, b, c, by chi squared's curvature; large where bins cannot tell them apart."""

    def at(self, energy_GeV: Float) -> Float:
        """The curve: (K,) GeV -> (K,)."""
        return _quadrature(energy_GeV, self.stochastic, self.noise_GeV, self.constant)


def core(values: Float) -> tuple[float, float]:
    """Mean and standard deviation of the shortest interval with 90% of the values: (N,)."""
    ordered = np.sort(values)
    inside = max(int(np.ceil(CORE * len(ordered))), 2)
    widths = ordered[inside - 1 :] - ordered[: len(ordered) - inside + 1]
    first = int(np.argmin(widths))
    chosen = ordered[first : first + inside]
    return float(chosen.mean()), float(chosen.std(ddof=1))


def core_by_energy(sample: Observables, edges_GeV: Float) -> CoreByEnergy:
    """mu90 and sigma90 in bins of primary energy: (B + 1,) GeV."""
    energy, fraction = sample.primary_energy_GeV, sample.sampling_fraction
    bins = np.clip(np.searchsorted(edges_GeV, energy, side="right") - 1, 0, len(edges_GeV) - 2)
    rows = []
    for index in range(len(edges_GeV) - 1):
        inside = bins == index
        enough = inside.sum() >= FEWEST_SHOWERS
        mu, sigma = core(fraction[inside]) if enough else (np.nan, np.nan)
        rows.append((energy[inside].mean() if enough else np.nan, mu, sigma, inside.sum()))
    mean, mu90, sigma90, showers = np.array(rows, np.float64).T
    return CoreByEnergy(mean, mu90, sigma90, showers.astype(np.int64))


def linearity_deviation(generated: Observables, truth: Observables, edges_GeV: Float) -> float:
    """max over bins of |mu90_generated / mu90_Geant4 - 1|, no unit."""
    made, mc = core_by_energy(generated, edges_GeV), core_by_energy(truth, edges_GeV)
    with np.errstate(divide="ignore", invalid="ignore"):
        return largest_finite(np.abs(made.mu90 / mc.mu90 - 1))


def resolution_deviation(generated: Observables, truth: Observables, edges_GeV: Float) -> float:
    """max over bins of |(sigma90 / mu90)_generated / (sigma90 / mu90)_Geant4 - 1|, no unit."""
    made, mc = core_by_energy(generated, edges_GeV), core_by_energy(truth, edges_GeV)
    with np.errstate(divide="ignore", invalid="ignore"):
        return largest_finite(np.abs(made.resolution / mc.resolution - 1))


def resolution_ratio(generated: Observables, truth: Observables, edges_GeV: Float) -> float:
    """Mean over bins of (sigma90 / mu90)_generated / (sigma90 / mu90)_Geant4, no unit.

    Bins that are all a little too narrow, or too wide, show here first.
    """
    made, mc = core_by_energy(generated, edges_GeV), core_by_energy(truth, edges_GeV)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = made.resolution / mc.resolution
    ratios = ratios[np.isfinite(ratios)]
    return float(ratios.mean()) if len(ratios) else float("nan")


def fit_resolution(points: CoreByEnergy) -> ResolutionFit | None:
    """Least squares of the three terms, none negative; None with fewer than three good bins."""
    good = np.isfinite(points.resolution) & (points.resolution > 0)
    if good.sum() < 3:
        return None
    energy, resolution = points.energy_GeV[good], points.resolution[good]
    error = points.resolution_error[good]
    start = [resolution[0] * np.sqrt(energy[0]), 0.0, 0.0]
    found = least_squares(
        lambda terms: (_quadrature(energy, *terms) - resolution) / error, start, bounds=(0, np.inf)
    )
    spread = np.sqrt(np.diag(np.linalg.pinv(found.jac.T @ found.jac)))
    a, b, c = map(float, found.x)
    return ResolutionFit(a, b, c, (float(spread[0]), float(spread[1]), float(spread[2])))


def fit_linearity(points: CoreByEnergy) -> tuple[float, float] | None:
    """Slope (no unit) and offset (GeV) of deposited energy = slope Ep + offset, by least squares.

    The bins' mu90 weigh by their errors; None with fewer than three good bins.
    """
    good = np.isfinite(points.mu90) & (points.sigma90 > 0)
    if good.sum() < 3:
        return None
    energy, mean = points.energy_GeV[good], points.mu90[good]
    weight = np.sqrt(points.showers[good]) / points.sigma90[good]
    offset, slope = np.polyfit(1 / energy, mean, 1, w=weight)
    return float(slope), float(offset)


def _quadrature(energy_GeV: Float, a: float, b: float, c: float) -> Float:
    return np.asarray(np.sqrt(a**2 / energy_GeV + (b / energy_GeV) ** 2 + c**2))
