"""Fig. 2: deposited over primary energy, one node and 256."""

from heitler.config import Config
from heitler.report.claims.number import Number, percentage
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_COMPARABLE,
    Answer,
    Question,
)
from heitler.report.claims.results import NotMeasuredError, Results
from heitler.report.verdict import MANY_CYCLES

TWICE = 2.0
"""Up to twice the limit of the response, agreement is called partial."""
PREFIX, ERROR = "response_ratio_", "response_ratio_error_"


def one_node(results: Results, config: Config) -> Answer:
    """Largest |R - 1| in a bin of primary energy."""
    largest = results.metric("validate", "response_max_deviation")
    limit = results.metric("validate", "response_pass")
    epochs = results.rows("train", "history.csv")
    verdict = HOLDS if largest <= limit else IN_PART if largest <= TWICE * limit else FAILS
    little = sum(epoch["cycles"] for epoch in epochs) < MANY_CYCLES
    if verdict == FAILS and little:
        verdict = NOT_COMPARABLE
    floor = results.metric("validate", "response_max_deviation_floor")
    showers = results.metric("validate", "showers_generated")
    seen = sum(epoch["events_seen"] for epoch in epochs)
    return Answer(
        _with_error(results, largest),
        "measured",
        verdict,
        f"Largest deviation in a bin of primary energy, {showers:,} showers (limit "
        f"{percentage(limit)}; Geant4 against itself {percentage(floor)}), after {seen:,.0f} "
        f"showers seen{': too little training to judge' * little}.{_reference(results)}",
    )


def _reference(results: Results) -> str:
    """What the committed model, trained for longer on more showers, reaches."""
    if not results.has("reference", "card.json"):
        return ""
    [line] = [c for c in results.card("reference") if c["name"] == "response_max_deviation"]
    return (
        " The reference model in reports/reference, trained for longer: "
        f"{percentage(line['value'])}, {line['showers']:,} showers."
    )


def many_nodes(results: Results, config: Config) -> Answer:
    """Not there yet: the emulation of 256 nodes' batches."""
    raise NotMeasuredError(
        "Needs trainings that emulate the batches of many nodes; none in this pipeline."
    )


def _with_error(results: Results, largest: float) -> Number:
    """Plus and minus twice the error of the bin that deviates most."""
    bins = [
        name.removeprefix(ERROR) for name in results.names("validate") if name.startswith(ERROR)
    ]
    worst = max(bins, key=lambda label: abs(results.metric("validate", PREFIX + label) - 1))
    error = results.metric("validate", ERROR + worst)
    low, high = max(0.0, largest - 2 * error), largest + 2 * error
    number = percentage(largest, low, high)
    return Number(number.value, "%", number.low, number.high, f"two errors, {_words(worst)}")


def _words(label: str) -> str:
    """ "10_25_GeV" -> "10 to 25 GeV"."""
    low, high, unit = label.rsplit("_", 2)
    return f"{low} to {high} {unit}"


QUESTIONS = (
    Question(
        key="physics-one-node",
        claim="Trained on one node, the network deposits the energy that Geant4 does",
        where="Fig. 2, red",
        published="the curves agree",
        implied=None,
        implied_by="",
        stage="validate",
        answer=one_node,
    ),
    Question(
        key="physics-256-nodes",
        claim="Trained on 256 nodes, it deposits too much, most at low primary energy",
        where="Section 4; Fig. 2, green",
        published="overestimated at the low end",
        implied=None,
        implied_by="",
        stage="degrade",
        answer=many_nodes,
    ),
)
