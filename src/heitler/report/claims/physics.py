"""Fig. 2: deposited over primary energy, one node and 256."""

from heitler.config import OURS, Config
from heitler.degradation.answer import BIN_LIMIT, LAYER_LIMIT
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_COMPARABLE,
    Answer,
    Number,
    Question,
    percentage,
)
from heitler.report.results import TRAIN, VALIDATE, Results
from heitler.report.verdict import MANY_CYCLES
from heitler.report.wording import energies

SIGMAS = 3.0
"""From which on many workers count as different from one."""
TWICE = 2.0
"""Up to twice the limit of the response, agreement is called partial."""
FULL = "reference/degradation-full"
"""Committed: every arm with three seeds."""
KEPT = "reference/fig2"
"""Committed: the 3D networks on a coarse read-out, one worker trained to its end. It decides, as a
run of minutes cannot; the run's own numbers stand beside it."""
COARSE = "the 3D networks on a coarse read-out (docs/fig2.md)"
OTHERS = {
    "workers_256_five_hundred": "After 6.25 times the epochs",
    "synchronised": "With batch norm over the showers of all workers instead of two each",
}
"""Arms of 256 workers that the claim names, if the kept study has them, and in what words."""


def one_node(results: Results, config: Config) -> Answer:
    """Largest |R - 1| in a bin of primary energy."""
    largest = results.metric(VALIDATE, "response_max_deviation")
    limit = results.metric(VALIDATE, "response_pass")
    epochs = results.rows(TRAIN, "history.csv")
    verdict = HOLDS if largest <= limit else IN_PART if largest <= TWICE * limit else FAILS
    little = sum(epoch["cycles"] for epoch in epochs) < MANY_CYCLES
    if verdict == FAILS and little:
        verdict = NOT_COMPARABLE
    floor = results.metric(VALIDATE, "response_max_deviation_floor")
    showers = results.metric(VALIDATE, "showers_generated")
    seen = sum(epoch["events_seen"] for epoch in epochs)
    own = Answer(
        _with_error(results, largest),
        "measured",
        verdict,
        f"Largest deviation in a bin of primary energy, {showers:,} showers (limit "
        f"{percentage(limit)}; Geant4 against itself {percentage(floor)}), after {seen:,.0f} "
        f"showers seen{': too little training to judge' * little}.{_ours(results)}"
        f"{_reference(results)}",
    )
    return _kept_one_node(results, own) if results.has(KEPT) else own


def _ours(results: Results) -> str:
    """What this project's recipe reaches on the same showers."""
    validate, train = f"validate@{OURS}", f"train@{OURS}"
    if not (results.has(validate) and results.has(train, "history.csv")):
        return ""
    if "response_max_deviation" not in results.metrics(validate):  # it has made empty showers
        return ""
    ours, published = (
        sum(epoch["epoch_time_s"] for epoch in results.rows(stage, "history.csv"))
        for stage in (train, TRAIN)
    )
    largest = results.metric(validate, "response_max_deviation")
    return (
        f" Our recipe, after {ours:,.0f} s of training where this one had {published:,.0f} s: "
        f"{percentage(largest)}."
    )


def _kept_one_node(results: Results, own: Answer) -> Answer:
    """The kept study decides."""
    worst = results.metric(KEPT, "baseline_worst_bin")
    layer, seeds = (results.metric(KEPT, key) for key in ("baseline_worst_layer", "seeds"))
    right = worst <= BIN_LIMIT and layer <= LAYER_LIMIT
    verdict = HOLDS if right else IN_PART if worst <= TWICE * BIN_LIMIT else FAILS
    return Answer(
        percentage(worst),
        "measured",
        verdict,
        f"{COARSE[0].upper()}{COARSE[1:]}, one worker trained to its end: largest |R - 1| of any "
        f"energy bin and of {seeds} seeds (limit {percentage(BIN_LIMIT)}); of any layer's energy "
        f"{percentage(layer)} (limit {percentage(LAYER_LIMIT)}). This run: {_said(own)}",
    )


def _said(own: Answer) -> str:
    return f"{own.ours}. {own.reason}"


def _reference(results: Results) -> str:
    """What the committed model, trained for longer on more showers, reaches."""
    if not results.has("reference", "card.json"):
        return ""
    [line] = [c for c in results.card("reference") if c["name"] == "response_max_deviation"]
    return (
        " Our reference model in reports/reference, trained for longer: "
        f"{percentage(line['value'])}, {line['showers']:,} showers."
    )


def many_nodes(results: Results, config: Config) -> Answer:
    """R at low energy with 256 virtual workers, and how far the deviation exceeds one worker's."""
    stage = "degradation"
    low = results.metric(stage, "many_workers_response_low")
    high = results.metric(stage, "many_workers_response_high")
    error = results.metric(stage, "workers_256_deviation_error")
    workers = results.metric(stage, "many_workers_workers")
    shown = results.metric(stage, "degradation_shown")
    worse = shown and results.metric(stage, "degradation_low") > 0
    too_much = low > 1 + SIGMAS * error
    verdict = HOLDS if worse and too_much and low > high else IN_PART if worse else NOT_COMPARABLE
    updates, alone = (
        results.metric(stage, f"{who}_updates") for who in ("many_workers", "one_worker")
    )
    own = Answer(
        Number(low, "times Geant4's", low - 2 * error, low + 2 * error, "two errors"),
        "measured",
        verdict,
        f"R in the lowest energy bin, {workers:,.0f} virtual workers, {updates:,.0f} updates; "
        f"in the highest bin {high:.2f}. One worker, {alone:,.0f} updates on the same showers: "
        f"{results.metric(stage, 'one_worker_response_low'):.2f}. {_how_sure(results, stage)} "
        f"Causes and cures: docs/large-batch.md.{_full_study(results)}",
    )
    return _kept_many_nodes(results, own) if results.has(KEPT) else own


def _kept_many_nodes(results: Results, own: Answer) -> Answer:
    """The kept study decides: worse, and with too much energy, most at the low end."""
    low, high = (results.metric(KEPT, f"many_workers_response_{end}") for end in ("low", "high"))
    error = results.metric(KEPT, "workers_256_deviation_error")
    effect, least, most = (
        results.metric(KEPT, f"degradation{end}") for end in ("", "_low", "_high")
    )
    worse = results.metric(KEPT, "degradation_shown") and least > 0
    too_much = low > 1 + SIGMAS * error and low > high
    absent = most < BIN_LIMIT
    verdict = HOLDS if worse and too_much else IN_PART if worse else FAILS
    if not worse and not absent:
        verdict = NOT_COMPARABLE
    words = "too much" if low > 1 else "too little"
    return Answer(
        Number(low, "times Geant4's", low - 2 * error, low + 2 * error, "two errors"),
        "measured",
        verdict,
        f"{COARSE[0].upper()}{COARSE[1:]}, 256 virtual workers, as many epochs as one worker: R in "
        f"the lowest energy bin; in the highest {high:.2f}. Off by {effect:.2f} more than one "
        f"worker (95%: {least:.2f} to {most:.2f}), with {words} energy. {_how_sure(results, KEPT)}"
        f"{_other_arms(results)} This run: {_said(own)}",
    )


def _other_arms(results: Results) -> str:
    """R of as many workers in other arms of the kept study."""
    return "".join(
        f" {begins} R is {_interval(results, arm)}."
        for arm, begins in OTHERS.items()
        if f"{arm}_response_low" in results.metrics(KEPT)
    )


def _interval(results: Results, arm: str) -> str:
    low, least, most = (
        results.metric(KEPT, f"{arm}_response_low{end}") for end in ("", "_from", "_to")
    )
    return f"{low:.2f} there (95%: {least:.2f} to {most:.2f})"


def _how_sure(results: Results, stage: str) -> str:
    seeds = results.metric(stage, "many_workers_seeds")
    if seeds == 1:
        return "One seed; others may differ, so nothing is concluded from it."
    sigmas = results.metric(stage, "degradation_sigmas")
    shown = "shown" if results.metric(stage, "degradation_shown") else "not shown"
    return f"The deviation is {sigmas:.1f} sigma larger with {seeds} seeds: {shown}."


def _full_study(results: Results) -> str:
    """What the committed study of every arm found."""
    if not results.has(FULL) or "degradation_shown" not in results.metrics(FULL):
        return ""  # none, or of an older version
    many = results.metric(FULL, "many_workers_response_low")
    one = results.metric(FULL, "one_worker_response_low")
    return (
        f" In the full study, reports/{FULL}: {many:.2f} with many workers, {one:.2f} with one. "
        f"{_how_sure(results, FULL)}"
    )


def _with_error(results: Results, largest: float) -> Number:
    """Plus and minus twice the error of the bin that deviates most."""
    bins = [row for row in results.rows(VALIDATE, "response.csv") if "response_ratio" in row]
    worst = max(bins, key=lambda row: abs(row["response_ratio"] - 1))
    error = worst["response_ratio_error"]
    low, high = max(0.0, largest - 2 * error), largest + 2 * error
    number = percentage(largest, low, high)
    return Number(number.value, "%", number.low, number.high, f"two errors, {energies(worst)}")


QUESTIONS = (
    Question(
        key="physics-one-node",
        claim="Trained on one node, the network deposits the energy that Geant4 does",
        where="Fig. 2, red",
        published="the curves agree",
        implied=None,
        implied_by="",
        stage=VALIDATE,
        answer=one_node,
    ),
    Question(
        key="physics-256-nodes",
        claim="Trained on 256 nodes, it deposits too much, most at low primary energy",
        where="Section 4; Fig. 2, green",
        published="overestimated at the low end",
        implied=None,
        implied_by="",
        stage="degradation",
        answer=many_nodes,
    ),
)
