"""The display libraries that Geant4's bindings link to, real or empty.

geant4_pybind contains Geant4's viewers, so that its wheel wants libX11, libGL and three more before
it can be imported, also where nothing is drawn. Desktops have them; minimal machines, containers
and the nodes of clusters do not. `scripts/display_stand_ins.sh` compiles empty ones into the
environment. Whoever imports the bindings loads those first, here: the dynamic linker then takes
them for the ones that the bindings name. Other processes never see them.
"""

import ctypes
import sys
from pathlib import Path

from heitler.simulation.environment import SimulationError

DISPLAY_LIBRARIES = ("libX11.so.6", "libXext.so.6", "libICE.so.6", "libSM.so.6", "libGL.so.1")
FOLDER = "lib/display-stand-ins"
"""Within the environment, beside the libraries of its packages."""


def missing_display_libraries() -> tuple[str, ...]:
    """Those that this machine cannot load; the others are loaded by asking."""
    return tuple(name for name in DISPLAY_LIBRARIES if not _loads(name))


def load_stand_ins(folder: Path | None = None) -> tuple[str, ...]:
    """Call before importing geant4_pybind. Names of the libraries that were replaced.

    Args:
        folder: where the stand-ins are; by default in this environment.

    Raises:
        SimulationError: if a library is missing, and so is its stand-in.
    """
    missing = missing_display_libraries()
    folder = folder or Path(sys.prefix, FOLDER)
    for name in missing:
        try:
            ctypes.CDLL(str(folder / name))
        except OSError as error:
            raise SimulationError(
                f"Geant4's bindings want {name}, which this machine lacks, and its stand-in cannot "
                f"be loaded ({error}). Build the environment again: rm .venv/.ready; make env. Or "
                "install the real ones: libgl1 libx11-6 libxext6 libsm6 libice6 (Debian, Ubuntu), "
                "libglvnd-glx libX11 libXext libSM libICE (RHEL, Rocky)."
            ) from error
    return missing


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
