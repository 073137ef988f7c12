"""Figures of both recipes beside Geant4, and what a shower costs with each.

Twelve single showers, six of Geant4 and six generated, without saying which is which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.config import OURS, PUBLISHED, Config, Recipe
from heitler.data.hdf5 import Showers, iterate_showers
from heitler.report.event_display import Display, draw_tiles
from heitler.report.results import Results
from heitler.report.samples import STYLES, Generated, Samples
from heitler.report.style import ABOVE, GEANT4, POINTS, figure, plain_log_labels
from heitler.report.training_figures import (
    draw_epoch_times,
    draw_learning,
    draw_losses,
    draw_response_history,
)
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.report.wording import LABELS
from heitler.validation.compare import compare_response
from heitler.validation.held_out import load_held_out

Rows = list[dict[str, float]]
COMPACT = {"color": STYLES[PUBLISHED]["color"], "linestyle": "--"}
SHOWERS = 12
COLUMNS = 6


def draw_samples(
    folder: Path, prepared: Path, generated: Mapping[Recipe, Path], config: Config
) -> None:
    """What all showers of the test set and those of every recipe are like.

    Args:
        folder: of the figures.
        prepared: folder of Geant4's showers.
        generated: each recipe's showers at the test set's energies.
        config: section validate, and the size of a cell.
    """
    held_out = load_held_out(prepared, config.validate.energy_bins)
    drawn = []
    for recipe, path in generated.items():
        made = held_out.load_generated(path)
        response = compare_response(made, held_out.geant4, held_out.reference, held_out.edges_GeV)
        drawn.append(Generated(made, response, LABELS[recipe], STYLES[recipe]))
    samples = Samples(drawn, held_out.geant4, held_out.reference)
    write_validation_figures(folder, samples, config.validate, config.detector.cell_size_mm)


def draw_single_showers(
    folder: Path, prepared: Path, generated: Mapping[Recipe, Path], config: Config
) -> str:
    """One shower of each kind at the same energy, and the puzzle, whose answer is returned."""
    geant4 = next(iterate_showers(prepared / "test.h5"))
    first = {recipe: next(iterate_showers(path)) for recipe, path in generated.items()}
    named = {LABELS[recipe]: showers for recipe, showers in first.items()}
    draw_showers(folder / "showers.svg", named, geant4, config.detector.cell_size_mm)
    puzzle = make_puzzle(geant4, first[OURS], config.validate.seed)
    draw_puzzle(folder / "puzzle.svg", puzzle)
    return puzzle.answer


def draw_trainings(folder: Path, results: Results) -> None:
    """How the training of each recipe went, and both in one figure."""
    histories = {}
    for each in results.recipes:
        own = folder / each.recipe
        draw_losses(own / "losses.svg", each.history)
        draw_response_history(own / "response_history.svg", each.history)
        draw_epoch_times(own / "epoch_times.svg", each.history)
        histories[LABELS[each.recipe]] = STYLES[each.recipe], each.history
    draw_learning(folder / "learning.svg", histories)


def draw_cost(path: Path, rows_of: Mapping[Recipe, Rows], compact_cpu_s: float) -> None:
    """CPU seconds per shower on a logarithmic scale, and below how many times less it is.

    Rows of each recipe as `heitler.generation.generate.cost_by_energy` makes them; without Geant4's
    times only the generators are drawn. The compact generator's time, `compact_cpu_s`, is a line,
    because it does not depend on the energy.
    """
    with figure(path, height=5.0) as drawing:
        cost, ratio = drawing.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        rows = rows_of[OURS]
        energy = _costs(rows, "energy_GeV")
        geant4, error = _costs(rows, "geant4_cpu_s"), _costs(rows, "geant4_cpu_s_error")
        if np.isfinite(geant4).any():
            cost.errorbar(energy, geant4, error, label="Geant4", **GEANT4, **POINTS)
        for recipe, own in rows_of.items():
            generated, style = _costs(own, "generated_cpu_s"), STYLES[recipe]
            cost.errorbar(energy, generated, label=LABELS[recipe], **style, **POINTS)
            ratio.errorbar(energy, geant4 / generated, error / generated, **style, **POINTS)
        cost.axhline(compact_cpu_s, **COMPACT, label="published, compact")
        cost.set(yscale="log", ylabel="CPU time per shower (s)")
        plain_log_labels(cost.yaxis)
        cost.margins(y=0.1)
        cost.legend(**ABOVE | {"ncols": 4})
        ratio.set(xlabel="Primary energy (GeV)", ylabel="Geant4 / generated")
        ratio.margins(y=0.1)
        ratio.set_ylim(bottom=0)


def _costs(rows: Rows, name: str) -> NDArray[np.float64]:
    return np.array([row.get(name, np.nan) for row in rows], np.float64)


@dataclass(frozen=True)
class Puzzle:
    """The showers in the order in which they are shown."""

    displays: list[Display]
    geant4: list[int]
    """Numbers, from 1, of those that are Geant4's."""

    @property
    def answer(self) -> str:
        """In words."""
        numbers = list(map(str, self.geant4))
        if not numbers:
            return "None is Geant4's."
        return f"Geant4's are {', '.join(numbers[:-1])} and {numbers[-1]}."


def make_puzzle(geant4: Showers, generated: Showers, seed: int) -> Puzzle:
    """Choose showers at random: half of them Geant4's, all of different events.

    Args:
        geant4: at least two.
        generated: at the same energies, row by row.
        seed: of the choice and the order.
    """
    random = np.random.Generator(np.random.Philox(key=[seed, 6]))
    count = min(SHOWERS, len(geant4)) // 2 * 2
    rows = random.permutation(len(geant4))[:count]
    real = random.permutation(np.arange(count) % 2 == 0)
    displays = [
        Display(
            f"{number}: {geant4.primary_energy_GeV[row]:.0f} GeV",
            (geant4 if is_real else generated).cells_GeV[row],
        )
        for number, (row, is_real) in enumerate(zip(rows, real, strict=True), start=1)
    ]
    return Puzzle(displays, [int(number) for number in np.flatnonzero(real) + 1])


def draw_puzzle(path: Path, puzzle: Puzzle) -> None:
    """Each from the side, and below from the front; one colour scale for all."""
    draw_tiles(path, puzzle.displays, COLUMNS)
