"""Geant4's Python bindings as `g4`, imported only where its data variables are set.

Import this module in a process of its own, started with `geant4_environment`.
"""

import os

from heitler.simulation.display import load_stand_ins
from heitler.simulation.environment import require_geant4_environment

require_geant4_environment()
REPLACED = load_stand_ins()
"""Display libraries that this machine lacks: empty ones of ours are loaded in their place."""
# With CI=true the bindings would list, and tidy up, a download folder that need not exist.
os.environ.pop("CI", None)

import geant4_pybind as g4  # noqa: E402

__all__ = ["REPLACED", "g4"]
