"""The table folder that Geant4 reads: from the PENELOPE data base, or from genuine Geant4 data.

The folder holds the few files that Geant4 opens for the detector's elements, and `origin.json`
that says where they come from. It appears whole or not at all.
"""

import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from heitler.base.causes import system_cause
from heitler.base.files import file_digest, write_json
from heitler.config import DetectorConfig
from heitler.simulation.environment import SimulationError
from heitler.simulation.g4emlow import required_files, shell_files, write_element
from heitler.simulation.materials import detector_elements
from heitler.simulation.penelope import read_material_file, write_material_files

ORIGIN_FILE = "origin.json"
NUCLIDES_FILE = "ENSDFSTATE.dat"
"""Nuclear states; Geant4 opens the file, electromagnetic showers need nothing from it."""


@dataclass(frozen=True)
class TablesOrigin:
    """Where a table folder comes from, as every shower file records it."""

    name: str
    """Such as "PENELOPE-derived tables" or "G4EMLOW8.8"."""
    source: str
    elements: list[int]
    """Atomic numbers."""
    digest: str
    """SHA-256 over all files, in the order of their names."""


def write_tables(folder: Path, detector: DetectorConfig) -> TablesOrigin:
    """Make the table folder for a detector, replacing an older one.

    The user's genuine data are copied where `G4LEDATA` is set, and PENELOPE's otherwise.

    Raises:
        SimulationError: for an unknown material, unusable genuine data, or without pypenred.
    """
    elements = detector_elements(detector)
    genuine = os.environ.get("G4LEDATA")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as name:
        temporary = Path(name) / folder.name
        temporary.mkdir()
        if genuine:
            label = copy_genuine(Path(genuine), temporary, elements)
            source = "the user's Geant4 data sets"
        else:
            label = "PENELOPE-derived tables"
            source = write_penelope(temporary, elements)
        copy_nuclides(temporary)
        origin = TablesOrigin(label, source, elements, _digest(temporary))
        write_json(temporary / ORIGIN_FILE, asdict(origin))
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
    return origin


def load_origin(folder: Path) -> TablesOrigin:
    """What `write_tables` recorded, after checking that the files are still those.

    Raises:
        SimulationError: if the tables are missing or were changed.
    """
    remedy = "Make them again: dvc repro --force tables"
    try:
        origin = TablesOrigin(**json.loads((folder / ORIGIN_FILE).read_text()))
    except (FileNotFoundError, TypeError, ValueError) as error:
        raise SimulationError(f"{folder}: no Geant4 tables ({error}). {remedy}") from None
    except OSError as error:
        raise SimulationError(system_cause(error, folder).sentence(folder, remedy)) from None
    if _digest(folder) != origin.digest:
        raise SimulationError(f"{folder}: files differ from what {ORIGIN_FILE} says. {remedy}")
    return origin


def write_penelope(folder: Path, elements: Sequence[int]) -> str:
    """Write the tables of all elements from PENELOPE's data base; return its version."""
    with tempfile.TemporaryDirectory() as name:
        materials = Path(name)
        write_material_files(elements, materials)
        for Z in elements:
            write_element(folder, read_material_file(materials / f"{Z}.mat", Z))
    return f"pypenred {importlib.metadata.version('pypenred')}, PENELOPE 2018 data base"


def copy_genuine(genuine: Path, folder: Path, elements: Sequence[int]) -> str:
    """Copy the files of all elements from a G4EMLOW folder; return its name with version."""
    for Z in elements:
        for name in required_files(Z):
            if not (genuine / name).is_file():
                raise SimulationError(
                    f"G4LEDATA is set to {genuine}, where {name} is missing. Set it to the "
                    "G4EMLOW folder of Geant4 11.4, or unset it to use PENELOPE's data base."
                )
        present = [name for name in shell_files(Z) if (genuine / name).is_file()]
        for name in [*required_files(Z), *present]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(genuine / name, folder / name)
    return genuine.resolve().name


def copy_nuclides(folder: Path) -> None:
    """Copy the user's genuine file of nuclear states, or write an empty one."""
    genuine = os.environ.get("G4ENSDFSTATEDATA")
    if genuine and (Path(genuine) / NUCLIDES_FILE).is_file():
        shutil.copyfile(Path(genuine) / NUCLIDES_FILE, folder / NUCLIDES_FILE)
    else:
        (folder / NUCLIDES_FILE).touch()


def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return file_digest(*(path for path in files if path.name != ORIGIN_FILE))
