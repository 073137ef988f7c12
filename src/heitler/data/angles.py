"""Angles between particles and the calorimeter's face, as files have them or as they must be."""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError
from heitler.data.layouts import Column, Layout, find_column, read_column
from heitler.data.units import UNIT_ATTRIBUTES

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
