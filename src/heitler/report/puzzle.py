"""Twelve single showers, six of Geant4 and six generated, without saying which is which."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heitler.data.hdf5 import Showers
from heitler.report.event_display import Display, draw_tiles

SHOWERS = 12
COLUMNS = 6


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
