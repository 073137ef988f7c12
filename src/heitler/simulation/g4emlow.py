"""The files of Geant4's low-energy EM data (G4EMLOW) that showers of e-, e+ and photons open.

| file                          | model             | content                                     |
|-------------------------------|-------------------|---------------------------------------------|
| brem_SB/br{Z}                 | Seltzer-Berger    | scaled bremsstrahlung, 32 fractions k/E     |
| epics2017/phot/pe-cs-{Z}.dat  | Livermore photoel.| total above the K edge, x E^3               |
| .../pe-le-cs-{Z}.dat          |                   | total below the K edge, x E^3               |
| .../pe-ss-cs-{Z}.dat          |                   | each shell, x E^3                           |
| .../pe-high-, pe-low-{Z}.dat  |                   | polynomials in 1/E, cumulative over shells  |
| epics2017/rayl/re-cs-{Z}.dat  | Livermore Rayleigh| total, x E^2                                |

Units are MeV and barn, but mm^2 for Rayleigh. docs/geant4-tables.md describes the formats.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.simulation.penelope import ElementCrossSections

Float = NDArray[np.float64]

# Photon over electron energy of the 32 columns: the grid of Seltzer and Berger, At. Data Nucl.
# Data Tables 35 (1986) 345, as PENELOPE 2018 and G4EMLOW use it.
PHOTON_FRACTIONS = (
    [1e-12, 0.025, 0.05, 0.075]
    + [round(0.05 * step, 2) for step in range(2, 19)]
    + [0.925, 0.95, 0.97, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999, 1.0]
)
POLYNOMIAL_FROM_MEV = 2.0
"""Above, Geant4 evaluates photoelectric polynomials, below it interpolates tables."""
POLYNOMIAL_TERMS = 6
EDGE_STEP = 1e-7
"""Relative distance put between the two equal energies of an absorption edge."""
MM2_PER_BARN = 1e-22


def required_files(atomic_number: int) -> list[str]:
    """Files that Geant4 opens for every element."""
    photoelectric = [
        f"epics2017/phot/pe-{name}-{atomic_number}.dat" for name in ("cs", "high", "low")
    ]
    return [
        f"brem_SB/br{atomic_number}",
        *photoelectric,
        f"epics2017/rayl/re-cs-{atomic_number}.dat",
    ]


def shell_files(atomic_number: int) -> list[str]:
    """Files that Geant4 opens besides, for elements of more than one shell."""
    return [f"epics2017/phot/pe-{name}-{atomic_number}.dat" for name in ("le-cs", "ss-cs")]


def write_element(folder: Path, element: ElementCrossSections) -> None:
    """Write all files of one element below `folder`."""
    for name in ("brem_SB", "epics2017/phot", "epics2017/rayl"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_bremsstrahlung(folder / f"brem_SB/br{element.atomic_number}", element)
    write_photoelectric(folder / "epics2017/phot", element)
    write_rayleigh(folder / f"epics2017/rayl/re-cs-{element.atomic_number}.dat", element)


def write_bremsstrahlung(path: Path, element: ElementCrossSections) -> None:
    """A two-dimensional vector: type, sizes, x = k/E, y = ln(E/MeV), one row of values per y."""
    energies = element.electron_energy_MeV
    lines = [
        f"4 {len(PHOTON_FRACTIONS)} {len(energies)}",
        "  ".join(f"{fraction:g}" for fraction in PHOTON_FRACTIONS),
        "  ".join(f"{value:.7g}" for value in np.log(energies)),
        *(" ".join(f"{value:.5E}" for value in row) for row in element.bremsstrahlung_mb),
    ]
    _write(path, lines)


def write_photoelectric(folder: Path, element: ElementCrossSections) -> None:
    """Tables below, polynomials above `POLYNOMIAL_FROM_MEV`, by shell and in total."""
    Z = element.atomic_number
    E = separate_edges(element.photoelectric_energy_MeV)  # (P,)
    shells = all_shells(element)  # (P, S), falling binding energies
    binding = np.array([E[np.flatnonzero(shell)[0]] for shell in shells.T])  # (S,)
    total = element.photoelectric_b * E**3
    above_K = binding[0] <= E
    _write(folder / f"pe-cs-{Z}.dat", _free_vector(E[above_K], total[above_K]))
    polynomials = _polynomials(E, shells, binding)
    for name in ("high", "low"):
        _write(folder / f"pe-{name}-{Z}.dat", polynomials)
    if len(binding) > 1:
        below_K = (binding[-1] <= E) & ~above_K
        _write(folder / f"pe-le-cs-{Z}.dat", _free_vector(E[below_K], total[below_K]))
        _write(folder / f"pe-ss-cs-{Z}.dat", _shell_vectors(E, shells, binding))


def write_rayleigh(path: Path, element: ElementCrossSections) -> None:
    """Total cross section times E^2, in mm^2 MeV^2."""
    E = separate_edges(element.rayleigh_energy_MeV)
    _write(path, _free_vector(E, element.rayleigh_b * MM2_PER_BARN * E**2))


def separate_edges(energies_MeV: Float) -> Float:
    """Geant4 interpolates over strictly increasing energies: move the upper of equal ones up."""
    separated = energies_MeV.copy()
    for index in range(1, len(separated)):
        if separated[index] <= separated[index - 1]:
            separated[index] = separated[index - 1] * (1 + EDGE_STEP)
    return separated


def all_shells(element: ElementCrossSections) -> Float:
    """Cross sections by shell with all outer shells as one more, by falling binding: (P, S)."""
    inner = element.photoelectric_shells_b
    outer = np.clip(element.photoelectric_b - inner.sum(axis=1), 0, None)
    first_row = np.argmax(inner > 0, axis=0)  # (S,) of the absorption edge
    order = np.argsort(-first_row, kind="stable")
    return np.column_stack([inner[:, order], outer])


def _polynomials(E: Float, shells: Float, binding: Float) -> list[str]:
    """Per shell its binding energy and the coefficients for the sum of all shells up to it.

    sum(E) = x (a0 + a1 x + ... + a5 x^5), x = MeV/E, least squares of the relative difference.
    """
    high = E >= POLYNOMIAL_FROM_MEV
    powers = (1 / E[high, None]) ** np.arange(1, POLYNOMIAL_TERMS + 1)  # (P, 6)
    lines = [f"{len(binding)} {len(binding)} {POLYNOMIAL_FROM_MEV:g}"]
    for energy, cumulative in zip(binding, np.cumsum(shells[high], axis=1).T, strict=True):
        relative = powers / cumulative[:, None]
        scale = np.abs(relative).max(axis=0)
        solution = np.linalg.lstsq(relative / scale, np.ones(len(relative)))[0] / scale
        lines.append(" ".join(f"{value:.8g}" for value in (energy, *solution)))
    return lines


def _free_vector(E: Float, values: Float) -> list[str]:
    """Geant4's text form of a vector with free energies: range, sizes, pairs."""
    return [f"{E[0]:.9g} {E[-1]:.9g} {len(E)}", str(len(E)), *_pairs(E, values)]


def _shell_vectors(E: Float, shells: Float, binding: Float) -> list[str]:
    """Every shell: range, size, number of the shell; then pairs."""
    lines: list[str] = []
    for number, (energy, shell) in enumerate(zip(binding, shells.T, strict=True)):
        rows = (energy <= E) & (E <= POLYNOMIAL_FROM_MEV)
        lines.append(f"{E[rows][0]:.9g} {E[rows][-1]:.9g} {rows.sum()} {number}")
        lines += _pairs(E[rows], (shell * E**3)[rows])
    return lines


def _pairs(E: Sequence[float] | Float, values: Iterable[float]) -> list[str]:
    return [f"{energy:.9g} {value:.8g}" for energy, value in zip(E, values, strict=True)]


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n")
