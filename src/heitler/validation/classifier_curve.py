"""An AUC belongs to a number of showers: what the classifiers found, over N.

With more showers to learn from, every classifier sees more, until it sees all that there is. Where
the curve still rises, the true AUC is larger than its last value; where Geant4 against itself
could give the same, N is too small to say anything.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heitler.config import ValidateConfig
from heitler.validation.metrics import limit_of
from heitler.validation.score import Measured

TITLES = {
    "high": "dense network, high-level features",
    "cells": "dense network, all cells",
    "cnn": "3D ResNet, all cells",
}
"""The classifiers, in the order in which they are shown."""


@dataclass(frozen=True)
class Point:
    """One classifier at one N."""

    classifier: str
    """One of `TITLES`."""
    of_each: int
    """N: showers of each kind; 60% train, 20% choose the epoch, 20% are asked."""
    auc: float
    auc_error: float
    """Standard deviation over the seeds; with a single one that of guesses."""
    jsd: float
    jsd_error: float
    floor_auc_error: float
    """Standard deviation of the AUC of Geant4 against itself, whose mean is 0.5."""
    floor_jsd: float
    floor_jsd_error: float
    best_epoch: float
    """Mean over the seeds."""
    epochs: float
    """Likewise, of all that were trained."""
    seeds: int

    def as_row(self) -> dict[str, Any]:
        """Plain data, four decimals."""
        row = dataclasses.asdict(self)
        return {key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()}


def largest(points: Sequence[Point]) -> list[Point]:
    """Those of the largest N."""
    most = max((point.of_each for point in points), default=0)
    return [point for point in points if point.of_each == most]


def card_lines(points: Sequence[Point]) -> dict[str, Measured]:
    """For the score card: what was found at the largest N, by the lines' names."""
    lines = {}
    for point in largest(points):
        lines[f"classifier_auc_{point.classifier}"] = Measured(
            point.auc,
            point.auc_error,
            np.array([0.5]),
            point.floor_auc_error,
            showers=point.of_each,
        )
        lines[f"classifier_jsd_{point.classifier}"] = Measured(
            point.jsd,
            point.jsd_error,
            np.array([point.floor_jsd]),
            point.floor_jsd_error,
            showers=point.of_each,
        )
    return lines


def headline(points: Sequence[Point]) -> dict[str, float]:
    """`n_each`, and AUC and error of every classifier at that N."""
    found: dict[str, float] = {}
    for point in largest(points):
        row = point.as_row()
        found |= {
            "n_each": point.of_each,
            "seeds": point.seeds,
            f"auc_{point.classifier}": row["auc"],
            f"auc_{point.classifier}_error": row["auc_error"],
        }
    return found


def notes(points: Sequence[Point], config: ValidateConfig) -> list[str]:
    """What a reader of the AUCs should know: where N is too small, where they still rise."""
    found = []
    for point in largest(points):
        limit = limit_of(f"classifier_auc_{point.classifier}", config.limits)[0]
        noise = min(0.5 + config.pass_sigmas * point.floor_auc_error, 1.0)
        title, of_each = TITLES[point.classifier], f"N = {point.of_each:,} of each"
        if noise > limit and point.auc <= noise:
            found.append(
                f"{title}: AUC {point.auc:.2f} at {of_each} says nothing. There Geant4 against "
                f"itself may reach {noise:.2f}; more showers are needed to tell {limit:.2f}."
            )
        elif rise := _rise(points, point):
            found.append(
                f"{title}: the AUC still rises with N, by {rise:.2f} up to {of_each}: with more "
                "showers it will be larger."
            )
    return found


def _rise(points: Sequence[Point], last: Point) -> float:
    """How much the AUC rose from the N before; 0 within twice the error."""
    before = [p for p in points if p.classifier == last.classifier and p.of_each < last.of_each]
    if not before:
        return 0.0
    rise = last.auc - max(before, key=lambda point: point.of_each).auc
    return rise if rise > 2 * last.floor_auc_error else 0.0
