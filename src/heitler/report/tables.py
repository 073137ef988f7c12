"""The tables of the page."""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heitler.config import Recipe
from heitler.report.results import RecipeResults, Results
from heitler.report.verdict import Training, speed_ratio
from heitler.report.wording import LABELS, counted, decimal, duration, percent, with_error

PROFILES = (
    ("longitudinal", "Shape along the depth"),
    ("transverse_x", "Shape across, x"),
    ("transverse_y", "Shape across, y"),
)


@dataclass(frozen=True)
class Row:
    """One number of the page, with what is needed to judge it."""

    quantity: str
    value: str
    unit: str
    floor: str = ""
    """The same number between two independent Geant4 samples."""
    showers: str = ""


@dataclass(frozen=True)
class SideBySide:
    """One number of both recipes."""

    quantity: str
    values: tuple[str, ...]
    """One for each recipe, in their order."""
    unit: str
    floor: str


def side_by_side(*rows_of_recipes: list[Row]) -> list[SideBySide]:
    """Rows with equal quantities as one; what but one recipe has is left empty for the other."""
    tables = [{row.quantity: row for row in rows} for rows in rows_of_recipes]
    rows = {quantity: row for table in tables for quantity, row in table.items()}
    return [
        SideBySide(
            quantity,
            tuple(table[quantity].value if quantity in table else "" for table in tables),
            row.unit,
            row.floor,
        )
        for quantity, row in rows.items()
    ]


def physics_made_from(results: Results, trainings: Mapping[Recipe, Training]) -> str:
    """How many showers, workers and seconds are behind `physics_rows`."""
    showers = f"{results.ours.found['showers_generated']:,}"
    trained = [
        f"{LABELS[recipe]} {training.seconds:,.0f} s on {counted(training.workers, 'worker')}"
        for recipe, training in trainings.items()
    ]
    return (
        f"{showers} generated showers of each, and as many of Geant4 at the same energies; "
        f"training: {', '.join(trained)}."
    )


def physics_rows(results: RecipeResults) -> list[Row]:
    """Generated against Geant4, with the floor beside each number."""
    found = results.found
    bins = sum("response_ratio" in row for row in results.response)
    rows = [
        Row(
            "Response ratio, all energies",
            with_error(found, "response_ratio"),
            "generated / Geant4",
            with_error(found, "response_ratio_floor"),
        ),
        Row(
            f"Largest deviation in {bins} energy bins",
            percent(found.get("response_max_deviation")),
            f"of Geant4; limit {percent(found['response_pass'])}",
            percent(found.get("response_max_deviation_floor")),
        ),
    ]
    for name, label in PROFILES:
        value, floor = (found.get(f"{name}_profile_error{kind}") for kind in ("", "_floor"))
        rows.append(Row(label, decimal(value), "0 equal, 2 disjoint", decimal(floor)))
    return rows


def training_rows(results: RecipeResults, training: Training) -> list[Row]:
    """How training went."""
    history = results.history
    shares = {
        name: sum(epoch.get(name, math.nan) for epoch in history) / training.seconds
        for name in ("communication_time_s", "straggler_wait_s", "input_wait_s")
    }
    return [
        Row("Showers in the training set", f"{training.showers:,}", "showers"),
        Row("Epochs (passes over them)", str(training.epochs), ""),
        Row("Epoch whose networks are exported", str(results.selected_epoch or "not written"), ""),
        Row("Showers seen", f"{training.showers_seen:,}", "showers"),
        Row("Cycles (updates of the networks)", f"{training.cycles:,}", ""),
        Row("Workers (Horovod processes)", str(training.workers), ""),
        Row("Time of all epochs", f"{training.seconds:,.0f}", "s"),
        Row("Time per epoch, median", f"{_median(history, 'epoch_time_s'):.1f}", "s"),
        Row("Speed, median", f"{_median(history, 'showers_per_second'):.1f}", "showers / s"),
        Row("Communication between workers", percent(shares["communication_time_s"]), "of time"),
        Row("Waiting for the slowest worker", percent(shares["straggler_wait_s"]), "of time"),
        Row("Waiting for input", percent(shares["input_wait_s"]), "of time"),
    ]


def speed_rows(results: Results) -> list[Row]:
    """CPU time per shower, Geant4 beside the generators."""
    found = results.ours.found
    showers = f"{found['showers_generated']:,}"
    seconds = {"Geant4": found.get("geant4_cpu_seconds_per_shower")}
    for each in results.recipes:
        seconds[LABELS[each.recipe].capitalize()] = each.found.get(
            "generated_cpu_seconds_per_shower"
        )
    rows = [
        Row(f"{who}, CPU time per shower", duration(value), "", showers=showers)
        for who, value in seconds.items()
    ]
    for each in results.recipes:
        ratio = speed_ratio(each.found)
        value = f"{ratio:,.0f}" if ratio else "not known"
        rows.append(Row(f"Geant4 over {LABELS[each.recipe]}", value, "times"))
    return rows


def batch_size_rows(results: RecipeResults) -> list[Row]:
    """Wall and CPU time per generated shower, by batch size."""
    return [
        Row(
            f"{row['batch_size']:,.0f} at once",
            f"{duration(row['wall_ms'] / 1e3)} ({duration(row['cpu_ms'] / 1e3)} of CPU time)",
            "",
        )
        for row in results.cost_by_batch_size
    ]


def compact_rows(found: Mapping[str, Any]) -> list[Row]:
    """The compact generator: its speed beside the full one's, and the physics that it gives up."""
    passes = "passes" if found["response_passes"] else "does not pass"
    rows = [
        Row(
            f"{who}, per shower, {found['timed_batch_size']} at once",
            duration(found[f"{key}_wall_ms"] / 1e3),
            f"({duration(found[f'{key}_cpu_ms'] / 1e3)} of CPU time)",
        )
        for who, key in (("Compact", "compact"), ("Published", "full"))
    ]
    rows.append(
        Row(
            "Largest deviation of its response from the full one's",
            f"{percent(found['response_max_deviation'])};",
            f"limit {percent(found['response_pass'])}: {passes}",
        )
    )
    for name, label in PROFILES:
        full, geant4, of_full = (
            decimal(found[f"{name}_profile_error_{kind}"])
            for kind in ("to_full", "to_geant4", "full_to_geant4")
        )
        rows.append(Row(label, full, f"from the full one; {geant4} from Geant4, full {of_full}"))
    return rows


def _median(history: list[dict[str, float]], name: str) -> float:
    return statistics.median(epoch.get(name, math.nan) for epoch in history)
