"""What the numbers say, in words: the verdict at the top of the page, and advice at its end.

Every sentence is computed from the stages' results; nothing here is known beforehand.
"""

from dataclasses import dataclass

from heitler.config import OURS, Config
from heitler.report.card_page import count_verdicts, too_few_showers
from heitler.report.results import RecipeResults, Results, Row
from heitler.report.wording import counted, decimal, duration, percent

MANY_CYCLES = 10_000
"""A training with fewer cycles that fails is called under-trained. A rule of thumb: after a few
hundred cycles at batch 8, R was still off by a factor of 2 to 5; the paper trains 30 epochs."""

LONGER = 10
MORE_SHOWERS = 5


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


def describe_training(results: RecipeResults, summary: Row, config: Config) -> Training:
    """Totals over the epochs of a recipe's training; `summary` is of its showers."""
    history = results.history
    return Training(
        showers=int(summary["showers"]["train"]),
        epochs=len(history),
        cycles=int(sum(epoch["cycles"] for epoch in history)),
        showers_seen=int(sum(epoch["events_seen"] for epoch in history)),
        workers=config.of_recipe(results.recipe).train.workers,
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
        f"{count_verdicts(results.card)}. {too_few_showers(results.card)}",
    ]
    if speed := _speed_sentence(found, passes):
        sentences.append(speed)
    return Verdict(passes, headline, sentences)


def _response_sentence(found: Row, training: Training) -> str:
    return (
        f"After {training.showers_seen:,} showers seen ({counted(training.epochs, 'epoch')} on "
        f"{training.showers:,} showers, {training.cycles:,} cycles), the deposited energy is off "
        f"by up to {percent(found.get('response_max_deviation'))} in a bin of primary energy "
        f"(limit {percent(found['response_pass'])}; two independent Geant4 samples differ by up "
        f"to {percent(found.get('response_max_deviation_floor'))})."
    )


def _shape_sentence(found: Row) -> str:
    error = found.get("longitudinal_profile_error")
    if error is None:
        return "The generated showers are empty, so they have no shape to compare."
    return (
        f"The shape of the shower along its depth differs by {decimal(error)} on a scale from 0 "
        f"(equal) to 2 (disjoint); two Geant4 samples differ by "
        f"{decimal(found.get('longitudinal_profile_error_floor'))}."
    )


def _speed_sentence(found: Row, passes: bool) -> str:
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


def speed_ratio(found: Row) -> float | None:
    geant4 = found.get("geant4_cpu_seconds_per_shower")
    generated = found.get("generated_cpu_seconds_per_shower")
    return geant4 / generated if geant4 and generated else None


@dataclass(frozen=True)
class Advice:
    """A command and what to expect of it."""

    command: str
    expectation: str


def caveats(results: Results, verdict: Verdict) -> list[str]:
    """Limits of these very results."""
    found = results.ours.found
    points = []
    if not verdict.passes:
        points.append(
            "The generated showers are not fit for physics. The default parameters are chosen so "
            "that everything runs in minutes on two cores, not so that the training converges."
        )
    points.append(
        f"Only {found['showers_geant4']:,} test showers: even Geant4 against Geant4 differs by up "
        f"to {percent(found.get('response_max_deviation_floor'))} in an energy bin. Smaller "
        "differences say nothing."
    )
    if left_out := found["energy_bins_left_out"]:
        points.append(f"{left_out} energy bins hold fewer than two test showers and are left out.")
    points.append(
        "CPU times were taken while the showers were made, in batches for the network, and other "
        "work may have run beside; if Geant4 ran on another machine, their ratio means little."
    )
    return points + _simulation_caveats(str(results.summary["simulation"].get("label", "")))


def _simulation_caveats(label: str) -> list[str]:
    """What the simulation leaves out, by the label of the shower files."""
    points = []
    if label.startswith("Geant4"):
        points.append(
            "Geant4 follows electrons, positrons and photons only (no nuclear reactions), and the "
            "gaps between the layers are empty."
        )
    if "PENELOPE" in label:
        points.append(
            "Geant4's own cross-section tables were replaced by tables derived from the PENELOPE "
            "data base: good to a few percent for the photoelectric effect, without the "
            "fluorescence and Auger electrons of excited atoms."
        )
    return points


def longer_trainings(config: Config, training: Training) -> list[Advice]:
    """Commands that should get closer, with the time that they take on this machine."""
    ours = f"recipes.{OURS}.train"
    epochs = LONGER * config.of_recipe(OURS).train.epochs
    per_epoch = training.seconds / training.epochs
    showers = MORE_SHOWERS * config.simulate.showers
    return [
        Advice(
            f"heitler train --set {ours}.epochs={epochs} && dvc repro",
            f"goes on from epoch {training.epochs} for {epochs - training.epochs} more, about "
            f"{_hours(per_epoch * (epochs - training.epochs))} at the speed seen here",
        ),
        Advice(
            f"dvc exp run -S simulate.showers={showers} -S {ours}.epochs={epochs}",
            f"{MORE_SHOWERS} times the showers, only the new ones simulated; training from the "
            f"start takes about {_hours(per_epoch * epochs * MORE_SHOWERS)}",
        ),
        Advice(
            f"dvc exp run -S {ours}.global_batch_size={_smaller_batch(config)}",
            "more and smaller cycles per epoch: early on, the number of updates matters most",
        ),
    ]


def _smaller_batch(config: Config) -> int:
    """Half the batch, as far as the batch-norm groups allow."""
    train = config.of_recipe(OURS).train
    groups = train.batch_norm_groups
    return max(train.global_batch_size // 2 // groups, 1) * groups


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.0f} minutes"
