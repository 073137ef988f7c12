"""The response of every arm and seed, from records and the Geant4 test showers.

R(Ep) is the ratio of mean sampling fractions, generated over Geant4, in bins of primary energy
(`heitler.validation.response`). Low energy is the first bin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import DegradationConfig
from heitler.degradation.runs.record import Record
from heitler.validation.response import binned_response, response_ratio

Float = NDArray[np.float64]
Row = dict[str, Any]


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
        for statistics, ecal_sum in record.ecal_sum_GeV.items():
            made = binned_response(
                ecal_sum.astype(np.float64), truth.primary_energy_GeV, truth.edges_GeV, seed
            )
            ratio, error = response_ratio(made, mc)
            rows += [
                {
                    "arm": arm,
                    "seed": seed,
                    "statistics": statistics,
                    "used": statistics == study.arms[arm].statistics,
                    "energy_low_GeV": float(truth.edges_GeV[i]),
                    "energy_high_GeV": float(truth.edges_GeV[i + 1]),
                    "energy_GeV": float(mc.energy_GeV[i]),
                    "showers": int(mc.showers[i]),
                    "sampling_fraction": float(made.mean[i]),
                    "sampling_fraction_error": float(made.bootstrap_error[i]),
                    "geant4": float(mc.mean[i]),
                    "geant4_error": float(mc.bootstrap_error[i]),
                    "response_ratio": float(ratio[i]),
                    "response_ratio_error": float(error[i]),
                }
                for i in range(len(mc.showers))
            ]
    return rows


def shape_error(record: Record, statistics: str, truth: Truth) -> float:
    """Sum of absolute differences of unit longitudinal profiles: 0 (equal) to 2 (disjoint)."""
    made = record.longitudinal[statistics].astype(np.float64)
    if not made.sum() > 0:
        return float("nan")
    return float(np.abs(made / made.sum() - truth.longitudinal / truth.longitudinal.sum()).sum())
