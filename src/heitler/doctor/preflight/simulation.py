"""What the stage `simulate` needs."""

from pathlib import Path

from heitler.config import DetectorConfig, SimulateConfig
from heitler.doctor.preflight.machine import no_room, not_writable
from heitler.doctor.preflight.needs import showers_disk_B


def simulation_problems(
    detector: DetectorConfig, simulate: SimulateConfig, folders: tuple[Path, ...]
) -> list[str]:
    """Everything that would stop the simulation; the first folder gets the showers."""
    needed_B = showers_disk_B(detector, simulate)
    return [
        *not_writable(folders),
        *no_room(folders[0], needed_B, f"{simulate.showers} showers"),
    ]
