"""What the stage `simulate` needs."""

from pathlib import Path

from heitler.config import DetectorConfig, SimulateConfig
from heitler.detector import image_shape
from heitler.preflight.machine import no_room, not_writable

STORED_B_PER_CELL = 0.8
"""Compressed; 0.5 measured for electrons of 10-100 GeV in 25 x 25 x 25 cells."""


def simulation_problems(
    detector: DetectorConfig, simulate: SimulateConfig, folders: tuple[Path, ...]
) -> list[str]:
    """Everything that would stop the simulation; the first folder gets the showers."""
    x, y, z = image_shape(detector)
    needed_B = STORED_B_PER_CELL * x * y * z * simulate.showers
    return [
        *not_writable(folders),
        *no_room(folders[0], needed_B, f"{simulate.showers} showers"),
    ]
