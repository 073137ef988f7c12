"""Does the generator deposit the right energy? The paper's Fig. 2, with errors and a floor.

The sampling fraction of a shower is f = Esum / Ep (deposited over primary energy, no unit). In
bins of Ep, the response ratio is R(Ep) = <f>_generated / <f>_Geant4 [definition: the text under
the paper's Fig. 2]; 1 is perfect. The floor is the same ratio between two independent Geant4
samples: what statistics alone does to R.

Bins without showers give NaN, which the callers leave out and mention.
"""

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables

Array = NDArray[np.floating]
Float = NDArray[np.float64]

BOOTSTRAP_REPLICAS = 200
GEV_IN_MEV = 1000.0


@dataclass(frozen=True)
class BinnedResponse:
    """The sampling fraction in bins of primary energy; every field is (B,)."""

    showers: NDArray[np.int64]
    energy_GeV: Float
    """Mean primary energy of the bin's showers."""
    mean: Float
    error: Float
    """Error of the mean, s / sqrt(n)."""
    bootstrap_error: Float
    """Standard deviation of the means of resampled showers."""


def energy_bin_edges(
    low_GeV: float, high_GeV: float, bins: int, spectrum: Literal["uniform", "log-uniform"]
) -> Float:
    """Edges of bins that a spectrum fills evenly: (bins + 1,) GeV.

    The range is widened to two digits, so that edges read well (10.03 to 99.8 becomes 10 to 100).
    """
    low, high = _round_outwards(low_GeV, np.floor), _round_outwards(high_GeV, np.ceil)
    if low == high:
        low, high = 0.9 * low, 1.1 * high
    spaced = np.geomspace if spectrum == "log-uniform" else np.linspace
    return np.asarray(spaced(low, high, bins + 1), np.float64)


def bin_labels(edges_GeV: Array) -> list[str]:
    """Names of the bins for metrics, such as `10_25_GeV`: B of them."""
    names = [f"{edge:.3g}" for edge in edges_GeV]
    return [f"{low}_{high}_GeV" for low, high in itertools.pairwise(names)]


def binned_response(
    ecal_sum_GeV: Array, primary_energy_GeV: Array, edges_GeV: Array, seed: int = 0
) -> BinnedResponse:
    """Sampling fraction in bins of primary energy: (N,) GeV, (N,) GeV, (B + 1,) GeV -> (B,) each.

    Args:
        ecal_sum_GeV: deposited energies.
        primary_energy_GeV: energies outside the edges count in the first or last bin.
        edges_GeV: bin edges.
        seed: of the bootstrap's resampling.
    """
    generator = np.random.default_rng(seed)
    fraction = ecal_sum_GeV / primary_energy_GeV
    bins = _bin_index(primary_energy_GeV, edges_GeV)
    rows = []
    for index in range(len(edges_GeV) - 1):
        inside = fraction[bins == index]
        rows.append(
            (
                len(inside),
                _mean(primary_energy_GeV[bins == index]),
                _mean(inside),
                inside.std(ddof=1) / np.sqrt(len(inside)) if len(inside) > 1 else np.nan,
                _bootstrap_error(inside, generator),
            )
        )
    counts, *columns = zip(*rows, strict=True)
    return BinnedResponse(np.asarray(counts), *(np.asarray(c, np.float64) for c in columns))


def response_ratio(generated: BinnedResponse, geant4: BinnedResponse) -> tuple[Float, Float]:
    """R = f_generated / f_Geant4 and its bootstrap error, relative errors added in quadrature.

    Returns:
        R and its error, (B,) each, no unit; NaN where a bin has fewer than two showers.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = generated.mean / geant4.mean
        # The absolute form of the quadrature stays finite for a generator that deposits nothing.
        error = np.hypot(generated.bootstrap_error, ratio * geant4.bootstrap_error) / geant4.mean
    return np.where(np.isfinite(error), ratio, np.nan), error


def response_by_bin(
    ecal_sum_generated: Array, ecal_sum_mc: Array, primary_energy: Array, edges: Array
) -> Float:
    """R(Ep) of paired showers, cheap enough for every epoch: (N,) GeV x 3, (B + 1,) GeV -> (B,).

    Both showers of a pair have the same primary energy. NaN where a bin is empty.
    """
    bins = _bin_index(primary_energy, edges)
    size = len(edges) - 1
    generated = np.bincount(bins, weights=ecal_sum_generated / primary_energy, minlength=size)
    mc = np.bincount(bins, weights=ecal_sum_mc / primary_energy, minlength=size)
    return np.asarray(np.divide(generated, mc, out=np.full(size, np.nan), where=mc > 0))


def overall_ratio(generated: Observables, truth: Observables) -> float:
    """<f>_generated / <f>_Geant4 over all showers, no unit."""
    return float(generated.sampling_fraction.mean() / truth.sampling_fraction.mean())


def largest_deviation(generated: Observables, truth: Observables, edges_GeV: Array) -> float:
    """Largest |R - 1| over the energy bins in which both samples have two showers or more."""
    means = []
    for sample in (generated, truth):
        bins = _bin_index(sample.primary_energy_GeV, edges_GeV)
        size = len(edges_GeV) - 1
        counts = np.bincount(bins, minlength=size)
        sums = np.bincount(bins, weights=sample.sampling_fraction, minlength=size)
        means.append(np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.abs(means[0] / means[1] - 1)
    return largest_finite(deviation)


def offset_MeV(generated: Observables, truth: Observables) -> float:
    """b in Esum_generated - Esum_Geant4 = a Ep + b, MeV.

    Both samples are fitted by Esum = a Ep + b, weighted by 1 / Ep because the variance of Esum
    grows with Ep; b is the difference of the intercepts. A constant added to every shower shows
    at low Ep only, where it is a large part of the energy.
    """
    return GEV_IN_MEV * (_intercept_GeV(generated) - _intercept_GeV(truth))


def largest_finite(values: Float) -> float:
    """The largest of the finite values; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else float("nan")


def _intercept_GeV(sample: Observables) -> float:
    """b of the weighted straight line; NaN for fewer than two different energies."""
    energy = sample.primary_energy_GeV
    if len(np.unique(energy)) < 2:
        return float("nan")
    return float(np.polyfit(energy, sample.ecal_sum_GeV, 1, w=1 / np.sqrt(energy))[1])


def _bin_index(energy: Array, edges: Array) -> NDArray[np.int64]:
    index = np.searchsorted(edges, energy, side="right") - 1
    return np.asarray(np.clip(index, 0, len(edges) - 2), np.int64)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _bootstrap_error(values: Array, generator: np.random.Generator) -> float:
    if len(values) < 2:
        return float("nan")
    replicas = range(BOOTSTRAP_REPLICAS)
    return float(np.std([generator.choice(values, len(values)).mean() for _ in replicas]))


def _round_outwards(value: float, rounding: np.ufunc) -> float:
    unit = 10.0 ** (np.floor(np.log10(value)) - 1)
    # Single-precision energies lie a hair off the round value that was asked for.
    return float(rounding(np.round(value / unit, 4))) * float(unit)
