"""Generated showers against Geant4 in one go: what the validate stage writes down.

Three samples: the generated showers; `geant4`, the test set, with the same primary energies; and
`reference`, the other Geant4 showers. Reference against test set is the Monte-Carlo-vs-Monte-Carlo
floor printed beside every number.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.data.observables import Observables
from heitler.validation.profiles import profile_error
from heitler.validation.response import (
    BinnedResponse,
    bin_labels,
    binned_response,
    response_ratio,
)

Float = NDArray[np.float64]
REMEDY = "Generate them again: dvc repro generate"
PROFILES = ("longitudinal", "transverse_x", "transverse_y")


@dataclass(frozen=True)
class ResponseComparison:
    """Sampling fractions and their ratios in B bins of primary energy."""

    edges_GeV: Float
    """(B + 1,)"""
    generated: BinnedResponse
    geant4: BinnedResponse
    reference: BinnedResponse
    ratio: Float
    """R, generated over Geant4: (B,)"""
    ratio_error: Float
    floor: Float
    """Reference over Geant4: (B,)"""
    floor_error: Float


class ComparisonError(HeitlerError):
    """The samples cannot be compared."""


def check_pairs(generated: Observables, geant4: Observables) -> None:
    """Make sure that generated and Geant4 showers are pairs of equal primary energy.

    Raises:
        ComparisonError: naming the first shower that has no partner or is not finite.
    """
    if len(generated) != len(geant4):
        raise ComparisonError(
            f"{len(generated)} generated showers, but {len(geant4)} in the test set. {REMEDY}"
        )
    different = np.flatnonzero(generated.primary_energy_GeV != geant4.primary_energy_GeV)
    if len(different):
        row = different[0]
        raise ComparisonError(
            f"row {row}: generated at {generated.primary_energy_GeV[row]:.6g} GeV, but the test "
            f"set has {geant4.primary_energy_GeV[row]:.6g} GeV there. {REMEDY}"
        )
    broken = np.flatnonzero(~np.isfinite(generated.ecal_sum_GeV))
    if len(broken):
        raise ComparisonError(
            f"row {broken[0]}: the generated shower holds cells that are no numbers. "
            "The training diverged; lower train.learning_rate."
        )


def compare_response(
    generated: Observables, geant4: Observables, reference: Observables, edges_GeV: Float
) -> ResponseComparison:
    """Response ratio and its floor in bins of primary energy."""
    made, truth, other = (
        binned_response(sample.ecal_sum_GeV, sample.primary_energy_GeV, edges_GeV, seed)
        for seed, sample in enumerate((generated, geant4, reference))
    )
    return ResponseComparison(
        edges_GeV, made, truth, other, *response_ratio(made, truth), *response_ratio(other, truth)
    )


def validation_metrics(
    generated: Observables,
    geant4: Observables,
    reference: Observables,
    response: ResponseComparison,
    response_pass: float,
) -> dict[str, Any]:
    """Every number of the comparison, flat, beside its floor; unmeasurable ones are absent."""
    values = {
        "showers_generated": len(generated),
        "showers_geant4": len(geant4),
        "showers_geant4_reference": len(reference),
        **_overall_response(generated, geant4, reference, response.edges_GeV[[0, -1]]),
        **_binned_response(response, response_pass),
        **_shapes(generated, geant4, reference),
        "geant4_cpu_seconds_per_shower": float(geant4.cpu_seconds.mean()),
        "generated_cpu_seconds_per_shower": float(generated.cpu_seconds.mean()),
    }
    return {key: _plain(value) for key, value in values.items() if math.isfinite(value)}


def response_rows(response: ResponseComparison) -> list[dict[str, Any]]:
    """The response as table rows, one per bin that has showers."""
    columns: dict[str, Any] = {
        "energy_low_GeV": response.edges_GeV[:-1],
        "energy_high_GeV": response.edges_GeV[1:],
        "energy_GeV": response.geant4.energy_GeV,
        "showers": response.geant4.showers,
        "sampling_fraction_geant4": response.geant4.mean,
        "sampling_fraction_geant4_error": response.geant4.error,
        "sampling_fraction_generated": response.generated.mean,
        "sampling_fraction_generated_error": response.generated.error,
        "response_ratio": response.ratio,
        "response_ratio_error": response.ratio_error,
        "response_ratio_floor": response.floor,
        "response_ratio_floor_error": response.floor_error,
    }
    rows = [
        {name: _plain(column[index]) for name, column in columns.items()}
        for index in range(len(response.ratio))
    ]
    return [row for row in rows if row["showers"] > 0]


def _overall_response(
    generated: Observables, geant4: Observables, reference: Observables, edges_GeV: Float
) -> dict[str, Any]:
    one_bin = compare_response(generated, geant4, reference, edges_GeV)
    return {
        "response_ratio": one_bin.ratio[0],
        "response_ratio_error": one_bin.ratio_error[0],
        "response_ratio_floor": one_bin.floor[0],
        "response_ratio_floor_error": one_bin.floor_error[0],
    }


def _binned_response(response: ResponseComparison, response_pass: float) -> dict[str, Any]:
    values: dict[str, Any] = {
        "response_max_deviation": _largest(response.ratio),
        "response_max_deviation_floor": _largest(response.floor),
        "response_pass": response_pass,
        "response_passes": _largest(response.ratio) <= response_pass,
        "energy_bins_left_out": int(np.isnan(response.ratio).sum()),
    }
    for index, label in enumerate(bin_labels(response.edges_GeV)):
        values[f"response_ratio_{label}"] = response.ratio[index]
        values[f"response_ratio_error_{label}"] = response.ratio_error[index]
    return values


def _shapes(
    generated: Observables, geant4: Observables, reference: Observables
) -> dict[str, float]:
    values = {}
    for name in PROFILES:
        made, truth, other = (getattr(s, name) for s in (generated, geant4, reference))
        values[f"{name}_profile_error"] = profile_error(made, truth)
        values[f"{name}_profile_error_floor"] = profile_error(other, truth)
    return values


def _largest(ratio: Float) -> float:
    """Largest |R - 1| over the bins that have one."""
    deviation = np.abs(ratio[np.isfinite(ratio)] - 1)
    return float(deviation.max()) if len(deviation) else float("nan")


def _plain(value: Any) -> Any:
    """NumPy scalar to Python, six digits; None for what could not be measured."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and math.isnan(plain):
        return None
    return float(f"{plain:.6g}") if isinstance(plain, float) else plain
