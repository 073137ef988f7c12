"""One line of the score card, and when it is green, yellow or red.

A number's deviation is how far it is from perfect. It passes within its limit, or
within what Geant4 shows against itself with as many showers: the mean deviation of independent
Geant4 samples (the floor) plus `pass_sigmas` of its standard deviations. So few showers make a
number mild, never wrong; the card says which of the two limits was in force. Where they are so few
that no value at all could fail, one beyond the limit is yellow.

A number that the true showers do not have either, such as a correlation between layers where there
is one layer, is not applicable, for a reason that the card names; it counts neither way.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from heitler.config import ValidateConfig

Float = NDArray[np.float64]
Limit = tuple[float, float]
Verdict = Literal["pass", "warn", "fail", "not applicable"]


@dataclass(frozen=True)
class Metric:
    """What a line of the card measures."""

    name: str
    """By which `validate.limits` may have another limit."""
    title: str
    unit: str
    formula: str
    source: str
    limit: Limit
    """How far from perfect a value may be to pass, and to be a warning; beyond, it fails."""
    perfect: float = 0.0
    largest: float = math.inf
    """The largest deviation that there is."""
    only_below_counts: bool = False
    """Whether values above the perfect one are as good."""
    perfect_is_floor: bool = False
    """Whether perfect is what Geant4 shows against itself, however much that is."""
    needs: str = "showers with energy"
    """What the true showers must have, for there to be such a number at all."""

    def deviation(self, value: float | Float) -> Any:
        """How far from perfect: 0 or more."""
        if self.only_below_counts:
            return np.maximum(self.perfect - np.asarray(value), 0)
        return np.abs(np.asarray(value) - self.perfect)


@dataclass(frozen=True)
class Score:
    """A metric's value between generated and true showers, with what is needed to judge it."""

    name: str
    title: str
    value: float
    """NaN if it could not be measured."""
    error: float
    """Standard deviation over bootstrap replicas; of classifiers, over seeds."""
    floor: float
    """Mean between independent Geant4 samples."""
    floor_error: float
    """Their standard deviation, not the error of their mean."""
    unit: str
    perfect: float
    """What `threshold` is counted from."""
    showers: int
    """Generated showers."""
    floor_showers: int
    """Showers in each sample of the floor."""
    threshold: float
    """Largest deviation that passes, by the limit or by statistics."""
    limited_by: Literal["threshold", "statistics"]
    verdict: Verdict
    formula: str
    source: str
    reason: str = ""
    """Why the line is not applicable, where it is not."""

    def as_json(self) -> dict[str, Any]:
        """Plain data; numbers that could not be measured are null."""
        return {key: _plain(value) for key, value in dataclasses.asdict(self).items()}


@dataclass(frozen=True)
class Measured:
    """What was found for one metric."""

    value: float
    error: float
    floors: Float
    """(K,), one per pair of Geant4 samples"""
    floor_error: float = 0.0
    """Error of a single one of them, where known by itself."""
    applicable: bool = True
    """Whether the true showers have such a number, compared with true showers."""
    showers: int | None = None
    """Showers of each kind that were looked at, where these are not all."""


def judge(
    metric: Metric, found: Measured, config: ValidateConfig, showers: int, floor_showers: int
) -> Score:
    """Make the score.

    A number that only the generated showers fail to give is a failure; one that the true showers
    do not have either is not applicable.
    """
    floors = found.floors[np.isfinite(found.floors)]
    if metric.perfect_is_floor and len(floors):
        metric = dataclasses.replace(metric, perfect=float(floors.mean()))
    spread = max(float(floors.std()), found.floor_error) if len(floors) else math.nan
    typical = float(metric.deviation(floors).mean()) if len(floors) else 0.0
    reach = 0.0 if math.isnan(spread) else spread
    passes, warns = config.limits.get(metric.name, metric.limit)
    by_statistics = typical + config.pass_sigmas * reach
    deviation = float(metric.deviation(found.value))
    verdict: Verdict = "fail"  # also of NaN
    says_nothing = by_statistics >= metric.largest and deviation > passes
    if deviation <= max(passes, by_statistics):
        verdict = "warn" if says_nothing else "pass"
    elif deviation <= max(warns, typical + config.warn_sigmas * reach):
        verdict = "warn"
    applies = found.applicable or not math.isnan(found.value)
    return Score(
        name=metric.name,
        title=metric.title,
        value=found.value,
        error=found.error,
        floor=float(floors.mean()) if len(floors) else math.nan,
        floor_error=spread,
        unit=metric.unit,
        perfect=metric.perfect,
        showers=found.showers or showers,
        floor_showers=found.showers or floor_showers,
        threshold=min(max(passes, by_statistics), metric.largest),
        limited_by="statistics" if by_statistics > passes else "threshold",
        verdict=verdict if applies else "not applicable",
        formula=metric.formula,
        source=metric.source,
        reason="" if applies else f"The true showers lack what it needs: {metric.needs}.",
    )


def worst_verdict(scores: Sequence[Score]) -> Verdict:
    """The verdict of the whole card: that of its worst line that is applicable."""
    found = {score.verdict for score in scores}
    return "fail" if "fail" in found else "warn" if "warn" in found else "pass"


def count_verdicts(scores: Sequence[Score]) -> str:
    """In words: "20 pass, 3 warn, 8 fail", and "2 not applicable" if any are."""
    found = [score.verdict for score in scores]
    always, others = get_args(Verdict)[:3], get_args(Verdict)[3:]
    named = [*always, *(verdict for verdict in others if verdict in found)]
    return ", ".join(f"{found.count(verdict)} {verdict}" for verdict in named)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
