"""All claims, in the order of the paper."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from heitler.config import Config
from heitler.detector import image_shape
from heitler.report.claims import evolution, nodes, physics, speed
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_COMPARABLE,
    NOT_RUN,
    Claim,
    Verdict,
    assess,
)
from heitler.report.results import Results

PAPERS_IMAGES = ((25, 25, 25), (51, 51, 25))
BY_ITS_OWN_NUMBERS = {"time-128", "time-256", "efficiency-256"}
"""Claims that the paper's own times decide, whatever the calorimeter here is."""
QUESTIONS = (
    *speed.QUESTIONS,
    *nodes.ONE_NODE,
    *nodes.MANY_NODES,
    *physics.QUESTIONS,
    *evolution.QUESTIONS,
)


def assess_claims(results: Results, config: Config) -> list[Claim]:
    """Every claim with the answer of these results; `config` are the parameters that made them."""
    claims = [assess(question, results, config) for question in QUESTIONS]
    if not_the_papers(config):
        return [_without_verdict(claim) for claim in claims]
    return claims


def _without_verdict(claim: Claim) -> Claim:
    """What another calorimeter gives decides nothing; the number stays."""
    if claim.verdict == NOT_RUN or claim.key in BY_ITS_OWN_NUMBERS:
        return claim
    return replace(claim, verdict=NOT_COMPARABLE)


def not_the_papers(config: Config) -> str:
    """A warning where the images are not of a shape that the paper trains on; else empty."""
    shape = image_shape(config.detector)
    if shape in PAPERS_IMAGES:
        return ""
    cells = " x ".join(map(str, shape))
    return (
        f"The calorimeter here has {cells} cells, the paper's 25 x 25 x 25: what is found here "
        "shows that everything runs, and decides no claim of the paper."
    )


def claims_json(claims: Sequence[Claim]) -> list[dict[str, Any]]:
    """For a file: numbers as objects, each with its text."""
    return [
        asdict(claim) | {name: _as_json(getattr(claim, name)) for name in NUMBERS}
        for claim in claims
    ]


NUMBERS = ("published", "implied", "ours")


def _as_json(number: Any) -> Any:
    if number is None:
        return None
    text = str(number).replace("\N{NO-BREAK SPACE}", " ")
    return {"text": text} if isinstance(number, str) else asdict(number) | {"text": text}


def tally(claims: Sequence[Claim]) -> list[tuple[str, str]]:
    """Each verdict that was reached, and in words how often: ("holds", "7 hold")."""
    found = [claim.verdict for claim in claims]
    return [(v, f"{found.count(v)} {words}") for v, words in WORDS.items() if v in found]


def count_claims(claims: Sequence[Claim]) -> str:
    """Such as "7 hold, 5 hold in part, 2 do not hold, 1 not comparable here, 2 not run"."""
    return ", ".join(words for _, words in tally(claims))


WORDS: dict[Verdict, str] = {
    HOLDS: "hold",
    IN_PART: "hold in part",
    FAILS: "do not hold",
    NOT_COMPARABLE: "not comparable here",
    NOT_RUN: "not run",
}
