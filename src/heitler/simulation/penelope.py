"""Cross sections of chemical elements from the PENELOPE data base (F. Salvat, OECD/NEA, 2018).

The data base comes inside the `pypenred` package, which is AGPL-3. It runs as a program of its
own that writes plain-text material files; only those are read here.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.simulation.environment import SimulationError

Float = NDArray[np.float64]

WRITE_MATERIAL_FILES = """
import sys
from pyPenred import simulation
for Z in sys.argv[1:]:
    simulation.materials.create(f"Z{Z}", 1.0, [(int(Z), 1.0)], f"{Z}.mat")
"""
PHOTON_FRACTIONS = 32
"""Columns of a bremsstrahlung table."""
MEV_PER_EV = 1e-6
BARN_PER_CM2 = 1e24


@dataclass(frozen=True)
class ElementCrossSections:
    """What electrons, positrons and photons do with one element; energies in MeV, ascending."""

    atomic_number: int
    electron_energy_MeV: Float
    """(E,)"""
    bremsstrahlung_mb: Float
    """(E, 32) scaled cross section (beta/Z)^2 k dsigma/dk, per photon energy fraction"""
    photoelectric_energy_MeV: Float
    """(P,); an absorption edge is a pair of equal energies"""
    photoelectric_b: Float
    """(P,) total cross section"""
    photoelectric_shells_b: Float
    """(P, S) cross sections of the inner shells, K first; S = 0 for the lightest elements"""
    rayleigh_energy_MeV: Float
    """(R,)"""
    rayleigh_b: Float
    """(R,)"""


def write_material_files(elements: Sequence[int], folder: Path) -> None:
    """Let pypenred write `folder`/Z.mat for every atomic number Z.

    Raises:
        SimulationError: if it cannot.
    """
    process = subprocess.run(
        [sys.executable, "-c", WRITE_MATERIAL_FILES, *map(str, elements)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    missing = [Z for Z in elements if not (folder / f"{Z}.mat").exists()]
    if process.returncode or missing:
        raise SimulationError(
            f"pypenred could not write the cross sections of Z = {missing or elements} (exit code "
            f"{process.returncode}):\n{process.stderr}Install it with uv sync --locked, or set "
            "G4LEDATA to a genuine G4EMLOW folder."
        )


def read_material_file(path: Path, atomic_number: int) -> ElementCrossSections:
    """Read a PENELOPE material file of a pure element."""
    lines = path.read_text().splitlines()
    electron_energy, bremsstrahlung = _read_bremsstrahlung(lines, path)
    photo = _read_table(lines, "Photoelectric", "NDATA", path, header_lines=1)
    rayleigh = _read_table(lines, "Rayleigh", "NE", path, header_lines=_count(lines, "NQ", path))
    return ElementCrossSections(
        atomic_number=atomic_number,
        electron_energy_MeV=electron_energy,
        bremsstrahlung_mb=bremsstrahlung,
        photoelectric_energy_MeV=photo[:, 0] * MEV_PER_EV,
        photoelectric_b=photo[:, 1] * BARN_PER_CM2,
        photoelectric_shells_b=photo[:, 2:] * BARN_PER_CM2,
        rayleigh_energy_MeV=rayleigh[:, 0] * MEV_PER_EV,
        rayleigh_b=rayleigh[:, 1] * BARN_PER_CM2,
    )


def _read_bremsstrahlung(lines: list[str], path: Path) -> tuple[Float, Float]:
    """Fixed columns: an energy in 1-9 of each block's first line, five values in 10-69 of all."""
    start = _section(lines, "Electron scaled bremss", path)
    blocks = int(_number(lines[start], "NDATA", path))
    lines_per_block = -(-PHOTON_FRACTIONS // 5)
    energies, rows = [], []
    for first in range(start + 1, start + 1 + blocks * lines_per_block, lines_per_block):
        block = lines[first : first + lines_per_block]
        energies.append(float(block[0][:9]))
        rows.append([float(value) for line in block for value in line[9:69].split()])
    return np.array(energies) * MEV_PER_EV, np.array(rows).reshape(blocks, PHOTON_FRACTIONS)


def _read_table(
    lines: list[str], title: str, count: str, path: Path, *, header_lines: int
) -> Float:
    start = _section(lines, title, path)
    first = start + 1 + header_lines
    rows = lines[first : first + int(_number(lines[start], count, path))]
    return np.array([[float(value) for value in row.split()] for row in rows])


def _count(lines: list[str], name: str, path: Path) -> int:
    return int(_number(lines[_section(lines, "Rayleigh", path)], name, path))


def _section(lines: list[str], title: str, path: Path) -> int:
    for index, line in enumerate(lines):
        if line.startswith(f" *** {title}"):
            return index
    raise SimulationError(_unexpected(path, f"no section '{title}'"))


def _number(line: str, name: str, path: Path) -> str:
    found = re.search(rf"\b{name} =\s*(\d+)", line)
    if not found:
        raise SimulationError(_unexpected(path, f"no {name} in '{line.strip()}'"))
    return found[1]


def _unexpected(path: Path, what: str) -> str:
    return (
        f"{path.name}: {what}; this pypenred writes another format than 1.15.2.0 does. Install "
        "that version (uv sync --locked), or set G4LEDATA to a genuine G4EMLOW folder."
    )
