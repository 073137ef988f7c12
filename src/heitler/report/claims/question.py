"""A claim of the paper as a question, and its answer from results.

A number with the range that belongs to it, as data and as text.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from heitler.config import Config
from heitler.report.results import MissingResultError, Results
from heitler.scaling.published import Rounded

Verdict = Literal["holds", "holds in part", "does not hold", "not comparable here", "not run"]
HOLDS: Verdict = "holds"
IN_PART: Verdict = "holds in part"
FAILS: Verdict = "does not hold"
NOT_COMPARABLE: Verdict = "not comparable here"
NOT_RUN: Verdict = "not run"
How = Literal["measured", "emulated", "projected", "counted", "not run"]
NBSP = "\N{NO-BREAK SPACE}"
ROUNDING = "what the rounding of the printed numbers allows"


@dataclass(frozen=True)
class Number:
    """A value, and between what it lies."""

    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    range_is: str = ""
    """What `low` and `high` are, such as a 95% interval."""

    @classmethod
    def printed(cls, number: Rounded, unit: str, factor: float = 1.0) -> "Number":
        """A printed number and its rounding, in another unit where `factor` is given."""
        return cls(number.value * factor, unit, number.low * factor, number.high * factor, ROUNDING)

    def times(self, factor: float, unit: str) -> "Number":
        """In another unit."""
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return Number(self.value * factor, unit, low, high, self.range_is)

    def __str__(self) -> str:
        """Such as "87.3 % [83.4, 91.3]": two digits of the range's width, three of the value."""
        decimals = self._decimals()
        unit = f"{NBSP}{self.unit}" if self.unit else ""
        text = f"{self.value:,.{decimals}f}{unit}"
        if self.low is None or self.high is None or not self.has_range:
            return text
        return f"{text} [{self.low:,.{decimals}f},{NBSP}{self.high:,.{decimals}f}]"

    @property
    def has_range(self) -> bool:
        """Not if it has no width: of a single measurement nothing is known beside its value."""
        return self.low is not None and self.high is not None and self.high > self.low

    def _decimals(self) -> int:
        size = (self.high or 0.0) - (self.low or 0.0) if self.has_range else abs(self.value)
        decimals = max(0, 1 - _magnitude(size)) if size else 0
        if self.value:
            decimals = min(decimals, max(0, 2 - _magnitude(abs(self.value))))
        lost = self.value and not round(self.value, decimals)
        return 1 - _magnitude(abs(self.value)) if lost else decimals


def _magnitude(size: float) -> int:
    return math.floor(math.log10(size))


def percentage(value: float, low: float | None = None, high: float | None = None) -> Number:
    """A share between 0 and 1 in percent; the range is a 95% interval."""
    if low is None or high is None:
        return Number(100 * value, "%")
    return Number(100 * value, "%", 100 * low, 100 * high, "95% interval")


@dataclass(frozen=True)
class Answer:
    """What our results say."""

    ours: Number | None
    how: How
    verdict: Verdict
    reason: str
    """One line."""


@dataclass(frozen=True)
class Question:
    """A number or figure of the paper, and how to answer it."""

    key: str
    claim: str
    """What the paper says, in a sentence."""
    where: str
    """Section or figure."""
    published: Number | str
    """As printed; words where the paper gives no number."""
    implied: Number | None
    """What other published numbers give for the same; None where nothing follows."""
    implied_by: str
    """The sum that gives it, or why nothing follows."""
    stage: str
    """Whose results answer it; empty where the parameters do."""
    answer: Callable[[Results, Config], Answer]


@dataclass(frozen=True)
class Claim:
    """A row of the table: the question and the answer of these results."""

    key: str
    claim: str
    where: str
    published: Number | str
    implied: Number | None
    implied_by: str
    stage: str
    ours: Number | None
    how: How
    verdict: Verdict
    reason: str


def assess(question: Question, results: Results, config: Config) -> Claim:
    """Answer a question; where the results are missing, say which stage to run."""
    try:
        answer = question.answer(results, config)
    except MissingResultError as missing:
        answer = Answer(None, "not run", NOT_RUN, str(missing))
    fields = {name: value for name, value in vars(question).items() if name != "answer"}
    return Claim(**fields, **vars(answer))
