"""Checks of shower files: what is wrong, in which file, dataset and row, and the remedy."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import COLUMNS, PDG, UNITS, Showers, read_rows
from heitler.data.safety import unsafe_content
from heitler.errors import HeitlerError
from heitler.hdf5_opening import UnreadableError, hdf5_cause, open_for_reading
from heitler.seal import is_sealed, seal_holds

REMAKE = "Move it out of the way and make it again: dvc repro simulate"
PLAUSIBLE_SAMPLING_FRACTION = (1e-3, 0.8)
"""Sampling calorimeters; data in MeV, or multiplied by 50 or 100, lie outside."""
SHOWERS_AT_ONCE = 128
HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What h5py raises on reading damaged files."""


class DataError(HeitlerError):
    """A shower file is missing, damaged, or holds what cannot be showers."""


@dataclass(frozen=True)
class Rows:
    """Where showers were read, for messages."""

    path: Path
    first: int
    energy_dataset: str = "energy"
    theta_dataset: str = "theta"
    remedy: str = REMAKE


def check_shower_file(path: Path, image_shape: tuple[int, int, int]) -> None:
    """Check a shower file of this project from beginning to end, a few showers at a time.

    Raises:
        DataError: for the first fault found; where no value is wrong but the checksum is, for that.
    """
    with open_hdf5(path) as file, damage_reported(path):
        showers = check_datasets(file, path, image_shape)
        whole = Rows(path, 0)
        _refuse(_repeated(file["event_id"][:]), whole, "event_id", "repeats an earlier row")
        codes: NDArray[np.float32] = file["target"][:, 0]
        _refuse(~np.isin(codes, list(PDG.values())), whole, "target", "has no known particle code")
        _refuse(codes != codes[0], whole, "target", "has another particle than row 0")
        for first in range(0, showers, SHOWERS_AT_ONCE):
            rows = slice(first, min(first + SHOWERS_AT_ONCE, showers))
            try:
                part = read_rows(file, rows)
            except OSError as error:
                row = _unreadable_row(file, rows)
                place = f"{path}: dataset ECAL, row {row}"
                raise DataError(hdf5_cause(error, path).sentence(place, REMAKE)) from None
            check_showers(part, Rows(path, first))
        other = file["target"][:, 1] != file["energy"][:]
        _refuse(other, whole, "target", "has another primary energy than dataset energy")
    check_seal(path)


def check_seal(path: Path, remedy: str = REMAKE) -> None:
    """Raise DataError if a file that carries its checksum has other bytes than were written."""
    if is_sealed(path) and not seal_holds(path):
        raise DataError(
            f"{path}: its content does not have the checksum that it was written with; bytes were "
            f"changed. {remedy}"
        )


def open_hdf5(path: Path, remedy: str = REMAKE) -> h5py.File:
    """Open for reading.

    Raises:
        DataError: if the file cannot be opened, for the reason that is found
            (`heitler.hdf5_opening`), or holds what is not to be read (`heitler.data.safety`).
    """
    try:
        file = open_for_reading(path, remedy)
    except UnreadableError as error:
        raise DataError(str(error)) from None
    try:
        with damage_reported(path, remedy):
            if unsafe := unsafe_content(file):
                raise DataError(f"{path}: {unsafe}, which is not read. {remedy}")
    except DataError:
        file.close()
        raise
    return file


@contextlib.contextmanager
def damage_reported(path: Path, remedy: str = REMAKE) -> Iterator[None]:
    """Turn what HDF5 says of a file that it cannot read on into a DataError."""
    try:
        yield
    except HDF5_ERRORS as error:
        raise DataError(hdf5_cause(error, path).sentence(path, remedy)) from None


def check_datasets(
    file: h5py.File, path: Path, image_shape: tuple[int, int, int], remedy: str = REMAKE
) -> int:
    """Whether all datasets are there with the right shapes; return the number of showers."""
    for name in ("ECAL", *COLUMNS):
        require_dataset(file, path, name, remedy)
    expected = {"ECAL": image_shape} | {name: shape for name, (shape, _) in COLUMNS.items()}
    showers = next(iter(file["ECAL"].shape), 0)
    for name, shape in expected.items():
        if file[name].shape != (showers, *shape):
            hint = "Check detector.cells_kept and detector.sections. " if name == "ECAL" else ""
            raise DataError(
                f"{path}: dataset {name} has shape {file[name].shape}, not {(showers, *shape)}. "
                f"{hint}{remedy}"
            )
    for name, unit in UNITS.items():
        stated = file[name].attrs.get("unit", unit)
        if stated != unit:
            raise DataError(f"{path}: dataset {name} is in {stated}, not in {unit}. {remedy}")
    if not showers:
        raise DataError(f"{path}: dataset ECAL holds no showers. {remedy}")
    return showers


def require_dataset(file: h5py.File, path: Path, name: str, remedy: str = REMAKE) -> None:
    """Raise DataError if the file has no dataset of that name."""
    if not isinstance(file.get(name), h5py.Dataset):
        present = ", ".join(file) or "none"
        raise DataError(f"{path}: dataset {name} is missing (present: {present}). {remedy}")


def check_showers(showers: Showers, rows: Rows) -> None:
    """Check values: finite, not negative, not empty, in the units they should be in.

    Raises:
        DataError: naming dataset and row.
    """
    cells = showers.cells_GeV.reshape(len(showers), -1)  # (N, X*Y*Z)
    energy, theta = showers.primary_energy_GeV, showers.theta_rad
    _refuse(~np.isfinite(cells).all(axis=1), rows, "ECAL", "has a cell that is not a number")
    _refuse((cells < 0).any(axis=1), rows, "ECAL", "has a cell of negative energy")
    _refuse(~cells.any(axis=1), rows, "ECAL", "is an empty shower")
    _refuse(~np.isfinite(energy), rows, rows.energy_dataset, "is not a number")
    _refuse(energy <= 0, rows, rows.energy_dataset, "is not a positive energy")
    good_theta = (theta > 0) & (theta < np.pi)
    _refuse(~good_theta, rows, rows.theta_dataset, "is not an angle between 0 and pi rad")
    _check_units(cells.sum(axis=1, dtype=np.float64) / energy, rows)


def _check_units(sampling_fraction: NDArray[np.float64], rows: Rows) -> None:
    low, high = PLAUSIBLE_SAMPLING_FRACTION
    median = float(np.median(sampling_fraction))
    if not low <= median <= high:
        raise DataError(
            f"{rows.path}: datasets ECAL and {rows.energy_dataset}, from row {rows.first}: the "
            f"cells hold {median:.3g} of the primary energy (median), outside {low:g} to {high:g}."
            f" Both must be in GeV. {rows.remedy}"
        )


def _refuse(faulty: NDArray[np.bool_] | np.bool_, rows: Rows, dataset: str, what: str) -> None:
    """Raise DataError for the first faulty row: (N,)."""
    if faulty.any():
        row = rows.first + int(np.argmax(faulty))
        raise DataError(f"{rows.path}: dataset {dataset}, row {row} {what}. {rows.remedy}")


def _repeated(event_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where an id occurred before: (N,) -> (N,)."""
    repeated = np.ones(len(event_ids), np.bool_)
    repeated[np.unique(event_ids, return_index=True)[1]] = False
    return repeated


def _unreadable_row(file: h5py.File, rows: slice) -> int:
    for row in range(rows.start, rows.stop):
        try:
            file["ECAL"][row]
        except OSError:
            return row
    return int(rows.start)
