"""Which particle started the showers of a file, and under which angle: never a guess.

Its codes, or what the user says; angles to the calorimeter's face, as files have them or as they
must be.
"""

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError
from heitler.data.hdf5 import PDG
from heitler.data.layouts import Column, Layout, find_column, read_column
from heitler.data.units import UNIT_ATTRIBUTES


class NoSuchParticleError(DataError):
    """A file has none of the particle that is wanted."""


ASSUMED = "e-"
"""Where neither the file nor the user says."""
NAMES = {float(code): name for name, code in PDG.items()}


def read_codes(
    file: h5py.File, path: Path, layout: Layout, rows: int
) -> tuple[Column, NDArray[np.float64]] | None:
    """PDG codes (N,) and where they are; None if the file has none."""
    column = find_column(file, layout.particles)
    return None if column is None else (column, read_column(file, path, column, rows))


def choose_rows(
    path: Path,
    codes: tuple[Column, NDArray[np.float64]] | None,
    total: int,
    *,
    wanted: str | None,
    assumed: str,
    option: str,
) -> tuple[NDArray[np.int64], str, list[str]]:
    """The rows to take (N,), their particle, and what is to be said of the choice.

    Args:
        wanted: the particle that the user names with `option`.
        assumed: where neither the file nor the user says.

    Raises:
        DataError: for particles that are mixed, unknown, or not the one wanted.
    """
    if codes is None:
        particle = wanted or assumed
        note = (
            f"{path} does not say which particle: taken for {particle}. If it is another: {option}."
        )
        return np.arange(total), particle, [note]
    column, code = codes
    kinds = np.unique(code)
    if wanted is None and len(kinds) == 1 and kinds[0] in NAMES:
        return np.arange(total), NAMES[kinds[0]], []
    if wanted is None and len(kinds) == 1:
        raise DataError(
            f"{path}: dataset {column}, row 0 has particle code {code[0]:g}, as all {total} "
            f"showers. Electrons (11), positrons (-11) and photons (22) are known, no others: give "
            "a file of one of them."
        )
    if wanted is None:
        raise DataError(
            f"{path}: dataset {column} mixes particles: {counted(code)}. One generator learns one: "
            f"choose it with {option}, such as {option_for(option, code)}."
        )
    rows = np.flatnonzero(code == PDG[wanted])
    if not len(rows):
        raise NoSuchParticleError(
            f"{path}: dataset {column} has no {wanted}, which {option} asks for: {counted(code)}."
        )
    left = total - len(rows)
    note = (
        f"{path}: {left} of {total} showers are of other particles and left out: {counted(code)}."
    )
    return rows, wanted, [note] if left else []


def option_for(option: str, codes: NDArray[np.float64]) -> str:
    """The option with the most frequent particle that is known: "--particle gamma"."""
    known = [NAMES[float(code)] for code in codes if float(code) in NAMES] or [ASSUMED]
    joint = "" if option.endswith("=") else "=" if "." in option else " "
    return f"{option}{joint}{Counter(known).most_common(1)[0][0]}"


def counted(codes: NDArray[np.float64]) -> str:
    """ "30 e-, 30 gamma"; codes that have no name here as PDG codes."""
    counts = Counter(NAMES.get(float(code), f"PDG code {code:g}") for code in codes)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


PERPENDICULAR_RAD = np.pi / 2
RADIANS, DEGREES = ("rad", "radian", "radians"), ("deg", "degree", "degrees")


def read_angles(
    file: h5py.File, path: Path, layout: Layout, rows: int, otherwise_rad: float | None
) -> tuple[NDArray[np.float64], list[str]]:
    """Angles (N,) in rad, and what is to be said of them.

    Args:
        otherwise_rad: where the file has none.

    Raises:
        DataError: for values that are no angles, and where nobody says.
    """
    column = find_column(file, tuple(map(Column, layout.angles)))
    if column is None:
        return _without(path, layout, rows, otherwise_rad)
    values = read_column(file, path, column, rows)
    unit = _unit(file[column.dataset].attrs, path, column)
    notes = []
    if unit is None and ((values > np.pi) & (values < 180)).all():
        unit = "deg"
        notes = [f"{path}: dataset {column} is in degrees: {values.min():g} to {values.max():g}."]
    if unit == "deg":
        values = np.deg2rad(values)
    wrong = ~((values > 0) & (values < np.pi))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{path}: dataset {column}, row {row} is not an angle between 0 and pi rad: "
            f"{values[row]:g}. Mend it in a copy of the file; for degrees give the dataset the "
            "attribute unit: deg."
        )
    return values, notes


def _without(
    path: Path, layout: Layout, rows: int, otherwise_rad: float | None
) -> tuple[NDArray[np.float64], list[str]]:
    angle = PERPENDICULAR_RAD if layout.perpendicular else otherwise_rad
    if angle is None:
        raise DataError(
            f"{path}: dataset {' or '.join(layout.angles)} is missing, so nothing says at what "
            "angle the particles came. Where all came at one, set simulate.theta_min_deg and "
            "simulate.theta_max_deg to it."
        )
    note = f"{path} has no angles: all taken for {np.rad2deg(angle):g} degrees to the face."
    return np.full(rows, angle), [note] if not layout.perpendicular else []


def _unit(attributes: h5py.AttributeManager, path: Path, column: Column) -> str | None:
    name = next((name for name in UNIT_ATTRIBUTES if name in attributes), None)
    if name is None:
        return None
    value = attributes[name]
    text = (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    if text.lower() in DEGREES:
        return "deg"
    if text.lower() in RADIANS:
        return "rad"
    raise DataError(f"{path}: dataset {column} has the attribute {name}: {text!r}, not rad or deg.")
