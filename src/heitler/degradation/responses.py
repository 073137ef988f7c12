"""The response of every arm and seed, from records and the Geant4 test showers.

R(Ep) is the ratio of mean sampling fractions, generated over Geant4, in bins of primary energy
(`heitler.validation.response`). Low energy is the first bin. With `degradation.judged_epochs` R is
that of the last epochs' generators together, each with an equal share of the showers: the mean of
their R. All arms are judged in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import DegradationConfig
from heitler.degradation.curves import judged_layers, judged_response
from heitler.degradation.runs.record import Record
from heitler.validation.response import BinnedResponse, binned_response, response_ratio

Float = NDArray[np.float64]
Row = dict[str, Any]
TOGETHER = "last epochs"
"""In the place of batch norm's statistics: moving averages, of several generators."""


@dataclass(frozen=True)
class Truth:
    """The Geant4 showers on which all arms are judged."""

    ecal_sum_GeV: Float
    """(N,)"""
    primary_energy_GeV: Float
    """(N,)"""
    longitudinal: Float
    """(Z,) mean over showers of energy per layer over primary energy"""
    edges_GeV: Float
    """(B + 1,)"""


def response_rows(
    records: Mapping[tuple[str, int], Record], study: DegradationConfig, truth: Truth
) -> list[Row]:
    """One row per arm, seed, batch-norm statistics and energy bin."""
    mc = binned_response(truth.ecal_sum_GeV, truth.primary_energy_GeV, truth.edges_GeV)
    rows = []
    for (arm, seed), record in records.items():
        found = {
            statistics: _of_showers(ecal_sum.astype(np.float64), truth, mc, seed)
            for statistics, ecal_sum in record.ecal_sum_GeV.items()
        }
        if study.judged_epochs and record.history:
            found[TOGETHER] = _of_epochs(record, study, mc)
        for statistics, columns in found.items():
            used = statistics == (TOGETHER if TOGETHER in found else study.arms[arm].statistics)
            rows += [
                {
                    "arm": arm,
                    "seed": seed,
                    "statistics": statistics,
                    "used": used,
                    "energy_low_GeV": float(truth.edges_GeV[i]),
                    "energy_high_GeV": float(truth.edges_GeV[i + 1]),
                    "energy_GeV": float(mc.energy_GeV[i]),
                    "showers": int(mc.showers[i]),
                    "sampling_fraction": float(columns[0][i]),
                    "sampling_fraction_error": float(columns[1][i]),
                    "geant4": float(mc.mean[i]),
                    "geant4_error": float(mc.bootstrap_error[i]),
                    "response_ratio": float(columns[2][i]),
                    "response_ratio_error": float(columns[3][i]),
                }
                for i in range(len(mc.showers))
            ]
    return rows


Columns = tuple[Float, Float, Float, Float]
"""(B,) each: mean sampling fraction and its error, R and its error."""


def _of_showers(ecal_sum_GeV: Float, truth: Truth, mc: BinnedResponse, seed: int) -> Columns:
    """Columns of one generator's showers."""
    made = binned_response(ecal_sum_GeV, truth.primary_energy_GeV, truth.edges_GeV, seed)
    return made.mean, made.bootstrap_error, *response_ratio(made, mc)


def _of_epochs(record: Record, study: DegradationConfig, mc: BinnedResponse) -> Columns:
    """Columns of the last epochs together; generated showers err as much as those of one epoch."""
    ratio, spread = judged_response(record.history, study.judged_epochs)
    error = np.hypot(spread * mc.bootstrap_error, ratio * mc.bootstrap_error) / mc.mean
    return ratio * mc.mean, spread * mc.bootstrap_error, ratio, error


def shape_error(record: Record, statistics: str, truth: Truth, judged_epochs: float = 0) -> float:
    """Sum of absolute differences of unit longitudinal profiles: 0 (equal) to 2 (disjoint).

    Of the last epochs together where `judged_epochs` is given, as in R.
    """
    if judged_epochs and record.history:
        made = judged_layers(record.history, judged_epochs) * truth.longitudinal
    else:
        made = record.longitudinal[statistics].astype(np.float64)
    if not made.sum() > 0:
        return float("nan")
    return float(np.abs(made / made.sum() - truth.longitudinal / truth.longitudinal.sum()).sum())
