"""A claim of the paper as a question, and its answer from results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from heitler.config import Config
from heitler.report.claims.number import Number
from heitler.report.claims.results import NotMeasuredError, Results

Verdict = Literal["holds", "holds in part", "does not hold", "not comparable here", "not run"]
HOLDS: Verdict = "holds"
IN_PART: Verdict = "holds in part"
FAILS: Verdict = "does not hold"
NOT_COMPARABLE: Verdict = "not comparable here"
NOT_RUN: Verdict = "not run"
How = Literal["measured", "emulated", "projected", "counted", "not run"]


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
    except NotMeasuredError as missing:
        answer = Answer(None, "not run", NOT_RUN, str(missing))
    fields = {name: value for name, value in vars(question).items() if name != "answer"}
    return Claim(**fields, **vars(answer))
