"""What physics a compact generator gives up: against the full generator, and against Geant4."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables
from heitler.validation.profiles import profile_error
from heitler.validation.response import bin_labels, response_by_bin

Float = NDArray[np.float64]
PROFILES = ("longitudinal", "transverse_x", "transverse_y")


def judge_compact(
    compact: Observables,
    full: Observables,
    geant4: Observables,
    edges_GeV: Float,
    response_pass: float,
) -> tuple[dict[str, Any], list[dict[str, float]]]:
    """Metrics by name, and the responses by bin of primary energy.

    Args:
        compact: its showers.
        full: the full generator's, pairs with the compact ones: same energies, same noise.
        geant4: showers of the same spectrum.
        edges_GeV: bins of primary energy, (B + 1,).
        response_pass: largest |R_compact / R_full - 1| of a bin that passes.
    """
    rows = _response_rows(compact, full, geant4, edges_GeV)
    ratios = np.array([row["compact_over_full"] for row in rows])
    deviation = float(np.abs(ratios - 1).max())  # NaN where the full one deposits nothing
    metrics: dict[str, Any] = {
        "showers": len(compact),
        "response_max_deviation": deviation,
        "response_pass": response_pass,
        "response_passes": int(deviation <= response_pass),
    }
    for name in PROFILES:
        samples = (getattr(sample, name) for sample in (compact, full, geant4))
        ours, theirs, truth = samples
        metrics[f"{name}_profile_error_to_full"] = profile_error(ours, theirs)
        metrics[f"{name}_profile_error_to_geant4"] = profile_error(ours, truth)
        metrics[f"{name}_profile_error_full_to_geant4"] = profile_error(theirs, truth)
    spread, wanted = (sample.sampling_fraction.std() for sample in (compact, full))
    metrics["response_spread_to_full"] = float(spread / wanted) if wanted > 0 else float("nan")
    return metrics, rows


def _response_rows(
    compact: Observables, full: Observables, geant4: Observables, edges_GeV: Float
) -> list[dict[str, float]]:
    energy = full.primary_energy_GeV
    to_full = response_by_bin(compact.ecal_sum_GeV, full.ecal_sum_GeV, energy, edges_GeV)
    means = [_mean_fractions(sample, edges_GeV) for sample in (compact, full, geant4)]
    return [
        {
            "energy_GeV": float((edges_GeV[i] + edges_GeV[i + 1]) / 2),
            "compact_over_full": float(to_full[i]),
            "compact_over_geant4": float(means[0][i] / means[2][i]),
            "full_over_geant4": float(means[1][i] / means[2][i]),
        }
        for i in range(len(bin_labels(edges_GeV)))
    ]


def _mean_fractions(sample: Observables, edges_GeV: Float) -> Float:
    """Mean sampling fraction by bin: (B,); NaN without showers."""
    bins = np.clip(np.digitize(sample.primary_energy_GeV, edges_GeV) - 1, 0, len(edges_GeV) - 2)
    counts = np.bincount(bins, minlength=len(edges_GeV) - 1)
    sums = np.bincount(bins, weights=sample.sampling_fraction, minlength=len(edges_GeV) - 1)
    out = np.full(len(counts), np.nan)
    return np.asarray(np.divide(sums, counts, out=out, where=counts > 0))
