"""What the numbers say, in words: the verdict at the top of the page.

Every sentence is computed from the stages' results; nothing here is known beforehand.
"""

from dataclasses import dataclass
from typing import Any

from heitler.config import Config, Recipe
from heitler.report.card_page import count_verdicts
from heitler.report.inputs import RecipeResults, ReportInputs
from heitler.report.wording import counted, decimal, duration, percent

MANY_CYCLES = 10_000
"""A training with fewer cycles that fails is called under-trained. A rule of thumb: after a few
hundred cycles at batch 8, R was still off by a factor of 2 to 5; the paper trains 30 epochs."""


@dataclass(frozen=True)
class Training:
    """How much training there was."""

    showers: int
    """In the training set."""
    epochs: int
    cycles: int
    showers_seen: int
    workers: int
    seconds: float
    """Wall time of all epochs."""


@dataclass(frozen=True)
class Verdict:
    """The answer to the page's question."""

    passes: bool
    headline: str
    sentences: list[str]


def describe_training(inputs: ReportInputs, recipe: Recipe, config: Config) -> Training:
    """Totals over the epochs of a recipe's training."""
    history = inputs.recipes[recipe].history
    return Training(
        showers=int(inputs.summary["showers"]["train"]),
        epochs=len(history),
        cycles=int(sum(epoch["cycles"] for epoch in history)),
        showers_seen=int(sum(epoch["events_seen"] for epoch in history)),
        workers=config.of_recipe(recipe).train.workers,
        seconds=sum(epoch["epoch_time_s"] for epoch in history),
    )


def reach_verdict(results: RecipeResults, training: Training) -> Verdict:
    """Pass or fail by the response in energy bins and the whole score card, and the reasons."""
    found = results.found
    right_energy = bool(found["response_passes"])
    passes = right_energy and all(line["verdict"] != "fail" for line in results.card)
    if passes:
        headline = "Yes: no line of the score card fails."
    elif right_energy:
        headline = "In part: the deposited energy is right, other physics is not."
    elif training.cycles < MANY_CYCLES:
        headline = "Not yet: the model is under-trained."
    else:
        headline = "No: the deposited energy is wrong."
    sentences = [
        _response_sentence(found, training),
        _shape_sentence(found),
        f"Score card, every line beside what Geant4 shows against itself: "
        f"{count_verdicts(results.card)}.",
    ]
    if speed := _speed_sentence(found, passes):
        sentences.append(speed)
    return Verdict(passes, headline, sentences)


def _response_sentence(found: dict[str, Any], training: Training) -> str:
    return (
        f"After {training.showers_seen:,} showers seen ({counted(training.epochs, 'epoch')} on "
        f"{training.showers:,} showers, {training.cycles:,} cycles), the deposited energy is off "
        f"by up to {percent(found.get('response_max_deviation'))} in a bin of primary energy "
        f"(limit {percent(found['response_pass'])}; two independent Geant4 samples differ by up "
        f"to {percent(found.get('response_max_deviation_floor'))})."
    )


def _shape_sentence(found: dict[str, Any]) -> str:
    error = found.get("longitudinal_profile_error")
    if error is None:
        return "The generated showers are empty, so they have no shape to compare."
    return (
        f"The shape of the shower along its depth differs by {decimal(error)} on a scale from 0 "
        f"(equal) to 2 (disjoint); two Geant4 samples differ by "
        f"{decimal(found.get('longitudinal_profile_error_floor'))}."
    )


def _speed_sentence(found: dict[str, Any], passes: bool) -> str:
    ratio = speed_ratio(found)
    if not ratio:
        return ""
    condition = "" if passes else " This counts only once the physics is right."
    return (
        f"A shower costs {duration(found['generated_cpu_seconds_per_shower'])} of CPU time instead "
        f"of Geant4's {duration(found['geant4_cpu_seconds_per_shower'])}, "
        f"{ratio:,.0f} times less, in one pass over the test set (the table above: timed on its "
        f"own, at equal energies).{condition}"
    )


def speed_ratio(found: dict[str, Any]) -> float | None:
    geant4 = found.get("geant4_cpu_seconds_per_shower")
    generated = found.get("generated_cpu_seconds_per_shower")
    return geant4 / generated if geant4 and generated else None
