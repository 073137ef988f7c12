"""What Geant4 needs around it: the variables that name its data folders, and our error."""

import os
from pathlib import Path

from heitler.base.errors import HeitlerError

GEANT4_DATA_VARIABLES = (
    "G4ABLADATA",
    "G4CHANNELINGDATA",
    "G4ENSDFSTATEDATA",
    "G4INCLDATA",
    "G4LEDATA",
    "G4LEVELGAMMADATA",
    "G4NEUTRONHPDATA",
    "G4NUDEXLIBDATA",
    "G4PARTICLEHPDATA",
    "G4PARTICLEXSDATA",
    "G4PIIDATA",
    "G4RADIOACTIVEDATA",
    "G4REALSURFACEDATA",
    "G4SAIDXSDATA",
    "G4URRPTDATA",
)
"""All data sets of Geant4 11.4. Electromagnetic showers open files of G4LEDATA and
G4ENSDFSTATEDATA only, but geant4_pybind asks to download whatever is not set."""


class SimulationError(HeitlerError):
    """Geant4 or its tables cannot be used, or a Geant4 process failed."""


def geant4_environment(tables: Path) -> dict[str, str]:
    """This process's environment, with every Geant4 data variable naming `tables`."""
    return os.environ | dict.fromkeys(GEANT4_DATA_VARIABLES, str(tables.resolve()))


def require_geant4_environment() -> None:
    """Call before importing geant4_pybind.

    Raises:
        SimulationError: if a variable is unset, which would start a download of gigabytes.
    """
    missing = [name for name in GEANT4_DATA_VARIABLES if name not in os.environ]
    if missing:
        raise SimulationError(
            f"{', '.join(missing)} not set, and Geant4 would download data sets. This module is "
            "a process of its own: start it through the simulate stage (dvc repro simulate)."
        )
