"""How far each arm is off at low energy, and what the one thing that it changes does to that.

The deviation of an arm is |R - 1| in the lowest energy bin, a mean over seeds. Its error has two
parts, added in quadrature: the spread over seeds, s / sqrt(S), and the bootstrap's over showers,
which all seeds share (the same Geant4 showers judge them). 95% intervals stretch the first by
Student's t for S - 1 degrees of freedom. One seed has the second part alone: it says how well that
training is measured, and nothing about other seeds, so that nothing is shown by it.
The effect of an arm is its deviation less that of the arm it extends, seed by seed, so that what
both owe to the seed cancels. A training that stops (no energy at all, or numbers that are not
finite) counts as |R - 1| = 1.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from heitler.config import DegradationConfig
from heitler.degradation.responses import Row, Truth, response_rows, shape_error
from heitler.degradation.runs.record import Record

NORMAL_95 = 1.96
SIGMAS = 3.0
"""From which on an effect counts as shown, if its 95% interval excludes 0 as well."""
STOPPED = 1.0
EMPTY = 0.01
"""R below which a generator is said to deposit nothing."""


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds."""

    value: float
    error: float
    """Standard error; with one seed the bootstrap's alone."""
    low: float
    high: float
    """Upper end of the 95% interval."""
    seeds: int

    @property
    def sigmas(self) -> float:
        """Distance of the value from zero."""
        return self.value / self.error if self.error > 0 else math.nan

    @property
    def shown(self) -> bool:
        """Whether it differs from zero, for other seeds as well."""
        excluded = self.low > 0 or self.high < 0
        return self.seeds > 1 and abs(self.sigmas) > SIGMAS and excluded


def estimate(values: Sequence[float], bootstrap_errors: Sequence[float]) -> Estimate:
    """From one number and its bootstrap error per seed."""
    count, value = len(values), float(np.mean(values))
    sampling = float(np.sqrt(np.mean(np.square(bootstrap_errors))))
    if count == 1:
        return Estimate(value, sampling, *_around(value, NORMAL_95 * sampling), count)
    seeds = float(np.std(values, ddof=1)) / math.sqrt(count)
    stretched = float(student.ppf(0.975, count - 1)) * seeds
    wide = math.hypot(stretched, NORMAL_95 * sampling)
    return Estimate(value, math.hypot(seeds, sampling), *_around(value, wide), count)


def _around(value: float, half: float) -> tuple[float, float]:
    return value - half, value + half


@dataclass(frozen=True)
class ArmResult:
    """One arm over its seeds."""

    name: str
    about: str
    role: str
    extends: str | None
    deviation: Estimate
    """|R - 1| at low energy."""
    response: tuple[float, ...]
    """R at low energy, per seed that came to its end."""
    response_high: tuple[float, ...]
    """R in the highest energy bin, likewise."""
    mean_response: Estimate | None
    """R at low energy, with its sign; None if no training came to its end."""
    effect: Estimate | None
    """Deviation less that of `extends`, over common seeds."""
    worst_bin: float
    """Largest |R - 1| over all bins, mean over seeds."""
    shape_error: float
    """Error of the longitudinal profile, mean over seeds."""
    seeds: int
    stopped: int
    """Trainings that could not go on."""
    cost: dict[str, float]
    """cycles, updates, showers_seen, unique_events, cpu_seconds: means over seeds."""

    @property
    def dead(self) -> bool:
        """Whether most generators deposit no energy: then |R - 1| is 1, whatever its cause."""
        return float(np.median(self.response or (0.0,))) < EMPTY

    @property
    def row(self) -> Row:
        """Flat, for tables and metrics."""
        effect, response = self.effect, self.mean_response
        return {
            "arm": self.name,
            "role": self.role,
            "extends": self.extends or "",
            "seeds": self.seeds,
            "stopped": self.stopped,
            "dead": self.dead,
            "response_low": response.value if response else math.nan,
            "response_low_from": response.low if response else math.nan,
            "response_low_to": response.high if response else math.nan,
            "response_high": float(np.mean(self.response_high)) if self.response else math.nan,
            "deviation": self.deviation.value,
            "deviation_error": self.deviation.error,
            "deviation_low": self.deviation.low,
            "deviation_high": self.deviation.high,
            "effect": effect.value if effect else math.nan,
            "effect_error": effect.error if effect else math.nan,
            "effect_low": effect.low if effect else math.nan,
            "effect_high": effect.high if effect else math.nan,
            "worst_bin": self.worst_bin,
            "shape_error": self.shape_error,
            **self.cost,
            "about": self.about,
        }


COSTS = ("cycles", "updates", "showers_seen", "unique_events", "cpu_seconds")


def arm_results(
    records: Mapping[tuple[str, int], Record], study: DegradationConfig, truth: Truth
) -> list[ArmResult]:
    """All arms that were trained, in the order of params.yaml."""
    rows = [row for row in response_rows(records, study, truth) if row["used"]]
    names = [name for name in study.arms if any(arm == name for arm, _ in records)]
    return [_arm_result(name, records, rows, study, truth) for name in names]


def _arm_result(
    name: str,
    records: Mapping[tuple[str, int], Record],
    rows: Sequence[Row],
    study: DegradationConfig,
    truth: Truth,
) -> ArmResult:
    arm, low = study.arms[name], _low_energy(rows)
    own = {seed: record for (owner, seed), record in records.items() if owner == name}
    finished = [record for record in own.values() if not record.stopped]
    worst = [
        max(abs(r["response_ratio"] - 1) for r in rows if (r["arm"], r["seed"]) == (name, seed))
        for seed, record in own.items()
        if not record.stopped
    ]
    parent = arm.extends
    common = [seed for seed in own if (parent, seed) in records]
    deviations = {seed: low.get((name, seed), (math.nan, STOPPED, 0.0)) for seed in own}
    ended = [(r, error) for r, _, error in deviations.values() if math.isfinite(r)]
    return ArmResult(
        name=name,
        about=arm.about,
        role=arm.role,
        extends=parent,
        deviation=estimate(*zip(*((d, e) for _, d, e in deviations.values()), strict=True)),
        response=tuple(r for r, _ in ended),
        response_high=tuple(r["response_ratio"] for r in rows if _is_highest(r, name, rows)),
        mean_response=estimate(*zip(*ended, strict=True)) if ended else None,
        effect=_effect(name, parent, common, low) if parent and common else None,
        worst_bin=float(np.mean(worst)) if worst else math.nan,
        shape_error=_mean(
            [shape_error(r, arm.statistics, truth, study.judged_epochs) for r in finished]
        ),
        seeds=len(own),
        stopped=len(own) - len(finished),
        cost={
            key: _mean([record.facts[key] for record in finished if key in record.facts])
            for key in COSTS
        },
    )


def _is_highest(row: Row, name: str, rows: Sequence[Row]) -> bool:
    return bool(
        row["arm"] == name and row["energy_high_GeV"] == max(r["energy_high_GeV"] for r in rows)
    )


def _low_energy(rows: Sequence[Row]) -> dict[tuple[str, int], tuple[float, float, float]]:
    """R, |R - 1| and the bootstrap error, by arm and seed."""
    first = min((row["energy_low_GeV"] for row in rows), default=0.0)
    return {
        (row["arm"], row["seed"]): (
            row["response_ratio"],
            abs(row["response_ratio"] - 1),
            row["response_ratio_error"],
        )
        for row in rows
        if row["energy_low_GeV"] == first
    }


def _effect(name: str, parent: str, seeds: Sequence[int], low: Mapping[Any, Any]) -> Estimate:
    pairs = [
        (low.get((name, seed), (0, STOPPED, 0.0)), low.get((parent, seed), (0, STOPPED, 0.0)))
        for seed in seeds
    ]
    return estimate(
        [own[1] - other[1] for own, other in pairs],
        [math.hypot(own[2], other[2]) for own, other in pairs],
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
