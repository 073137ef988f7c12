"""Shower files of any layout that we know: this project's, CERN's two, CaloChallenge's."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from heitler.data import calochallenge, cern
from heitler.data.checks import DataError, damage_reported, open_hdf5, require_dataset
from heitler.data.hdf5 import Showers, read_attributes
from heitler.data.observables import Observables, join, measure
from heitler.showers import apply_threshold

AT_ONCE = 512
REMEDY = "Give an HDF5 file of this project, of CERN's calorimeter images, or of CaloChallenge."


def iterate_any(path: Path, shape: calochallenge.Shape | None = None) -> Iterator[Showers]:
    """Showers of a file, some at a time.

    Args:
        path: the file; its datasets tell the layout.
        shape: X, Y, Z of CaloChallenge showers.

    Raises:
        DataError: for a missing, damaged or unknown file, or one without usable showers.
    """
    with open_hdf5(path, REMEDY) as file:
        with damage_reported(path, REMEDY):
            total, read = _reader(file, path, shape)
        for first in range(0, total, AT_ONCE):
            with damage_reported(path, REMEDY):
                part = read(slice(first, min(first + AT_ONCE, total)))
            _refuse_broken(part, path, first)
            yield part


def _reader(
    file: h5py.File, path: Path, shape: calochallenge.Shape | None
) -> tuple[int, Callable[[slice], Showers]]:
    """How many showers the file holds, and what reads some of them."""
    if calochallenge.is_calochallenge(file):
        known = calochallenge.find_shape(file, path, shape)
        total = calochallenge.count_showers(file, path)
        return total, lambda rows: calochallenge.read_rows(file, rows, known)
    require_dataset(file, path, "ECAL", REMEDY)
    layout = cern.find_layout(file, path, REMEDY)
    total = cern.check_rows(file, path, layout, REMEDY)
    return total, lambda rows: cern.read_rows(file, layout, rows, 0, "e-")


def layout_note(path: Path) -> str | None:
    """What a reader should know of how the file was read."""
    with open_hdf5(path, REMEDY) as file:
        if calochallenge.is_calochallenge(file) or "target" in file:
            return None
    return (
        f"{path} has no dataset target, so it was read as CERN's variable-angle images: cell "
        f"energies divided by {cern.VARIABLE_ANGLE_SCALE:g}."
    )


def measure_file(
    path: Path, shape: calochallenge.Shape | None, threshold_GeV: float
) -> Observables:
    """Observables of a file, read in pieces; cells below the threshold count as 0."""
    return join(
        measure(dataclasses.replace(part, cells_GeV=apply_threshold(part.cells_GeV, threshold_GeV)))
        for part in iterate_any(path, shape)
    )


def known_cell_size_mm(path: Path) -> float | None:
    """From the detector that this project's files describe; None for others."""
    geometry = read_attributes(path).get("geometry")
    return float(geometry["cell_size_mm"]) if isinstance(geometry, dict) else None


def _refuse_broken(showers: Showers, path: Path, first: int) -> None:
    broken = {
        "a cell that is not a number": ~np.isfinite(showers.cells_GeV).all(axis=(1, 2, 3)),
        "a cell with negative energy": (showers.cells_GeV < 0).any(axis=(1, 2, 3)),
        "no positive primary energy": ~(showers.primary_energy_GeV > 0),
    }
    for what, rows in broken.items():
        if rows.any():
            raise DataError(
                f"{path}: row {first + int(np.argmax(rows))} has {what}. Remove such showers, "
                "or give the cells the values that you mean."
            )
