"""Which chemical elements a detector is made of, asked of Geant4's NIST data base.

Geant4 is imported in a process of its own (this file, run as a program): it keeps global state
and reads its environment when imported.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from heitler.config import DetectorConfig
from heitler.simulation.environment import SimulationError, geant4_environment

WORLD_MATERIAL = "G4_Galactic"
"""Vacuum around and between the layers: hydrogen of negligible density."""


def detector_elements(detector: DetectorConfig) -> list[int]:
    """Atomic numbers of all elements in the detector and the vacuum around it, ascending.

    Raises:
        SimulationError: for a material that Geant4 does not know.
    """
    materials = {
        WORLD_MATERIAL: "the world",
        detector.absorber_material: "detector.absorber_material",
        detector.sensitive_material: "detector.sensitive_material",
    }
    elements = _ask_geant4(list(materials))
    for material, found in elements.items():
        if not found:
            raise SimulationError(
                f"{materials[material]} is {material}, which is not in Geant4's NIST data base. "
                "Use a name from its list, such as G4_W, G4_Pb, G4_Si or G4_lAr "
                "(Geant4 Book for Application Developers, appendix Geant4 Material Database)."
            )
    return sorted({Z for found in elements.values() for Z in found})


def _ask_geant4(materials: list[str]) -> dict[str, list[int]]:
    """Atomic numbers per material; none for an unknown one."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "elements.json"
        process = subprocess.run(
            [sys.executable, "-m", "heitler.simulation.materials", str(answer), *materials],
            env=geant4_environment(Path(folder)),
            capture_output=True,
            text=True,
        )
        if process.returncode:
            raise SimulationError(
                f"Geant4 could not be started (exit code {process.returncode}):\n{process.stderr}"
                "Check the installation: uv sync --locked"
            )
        return {name: list(map(int, found)) for name, found in json.loads(answer.read_text())}


def main(answer: str, *materials: str) -> None:
    """Write [material, [Z, ...]] pairs to the file `answer`: Geant4 itself talks on stdout."""
    from heitler.simulation.bindings import g4

    pairs = []
    for name in materials:
        material = g4.G4NistManager.Instance().FindOrBuildMaterial(name)
        elements = material.GetElementVector() if material else []
        pairs.append([name, [element.GetZasInt() for element in elements]])
    Path(answer).write_text(json.dumps(pairs))


if __name__ == "__main__":
    main(*sys.argv[1:])
