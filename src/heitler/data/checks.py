"""Checks of shower files: what is wrong, in which file, dataset and row, and the remedy."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.base.hdf5_opening import (
    UnreadableError,
    hdf5_cause,
    is_sealed,
    open_for_reading,
    seal_holds,
)
from heitler.data.hdf5 import COLUMNS, PDG, UNITS, Showers, read_rows
from heitler.data.safety import has_name, unsafe_dataset

REMAKE = "Move it out of the way and make it again: dvc repro simulate"
PLAUSIBLE_SAMPLING_FRACTION = (1e-3, 0.8)
"""Sampling calorimeters; data in MeV, or multiplied by 50 or 100, lie outside."""
POSSIBLE_SAMPLING_FRACTION = (1e-5, 3.0)
"""Range for showers whose units and scale were decided when they were imported."""
READING_ATTRIBUTE = "import_reading"
"""How an import has read units and scale; in the files that it writes."""
NO_NUMBER = "Such a shower cannot be trained on: leave it out in a copy of the file."
NEGATIVE = (
    "Deposits are not: noise was added, or a pedestal subtracted; set such cells to 0 in a copy."
)
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
    cells_dataset: str = "ECAL"
    chosen: NDArray[np.int64] | None = None
    """Row numbers, where not all from `first` on were read."""

    def row(self, index: int) -> int:
        """The number in the file of a row that was read."""
        return self.first + index if self.chosen is None else int(self.chosen[index])


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
            decided = READING_ATTRIBUTE in file.attrs
            plausible = POSSIBLE_SAMPLING_FRACTION if decided else PLAUSIBLE_SAMPLING_FRACTION
            check_units(part, Rows(path, first), plausible)
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
            (`heitler.base.hdf5_opening`). What is not to be read is found by `require_dataset`.
    """
    try:
        return open_for_reading(path, remedy)
    except UnreadableError as error:
        raise DataError(str(error)) from None


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


def require_dataset(file: h5py.File, path: Path, name: str, remedy: str = REMAKE) -> h5py.Dataset:
    """A dataset that may be read.

    Raises:
        DataError: if it is not there, or not to be read (`heitler.data.safety`).
    """
    if has_name(file, name):
        if unsafe := unsafe_dataset(file, name):
            raise DataError(f"{path}: {unsafe}; it is not read. {remedy}")
        if isinstance(file[name], h5py.Dataset):
            return file[name]
    present = ", ".join(file) or "none"
    raise DataError(f"{path}: dataset {name} is missing (present: {present}). {remedy}")


def check_showers(showers: Showers, rows: Rows) -> None:
    """Check values: finite, not negative, energies and angles that can be.

    An empty shower is no fault: `prepare` leaves it out, and says so.

    Raises:
        DataError: naming dataset, row and value.
    """
    energy, theta = showers.primary_energy_GeV, showers.theta_rad
    _refuse_cell(~np.isfinite(showers.cells_GeV), showers, rows, "is not a number", NO_NUMBER)
    _refuse_cell(showers.cells_GeV < 0, showers, rows, "is negative", NEGATIVE)
    for faulty, what in ((~np.isfinite(energy), "not a number"), (energy <= 0, "not positive")):
        _refuse(faulty, rows, rows.energy_dataset, f"is {what}: {{}} GeV", energy)
    good_theta = (theta > 0) & (theta < np.pi)
    what = "is not an angle between 0 and pi rad: {}"
    _refuse(~good_theta, rows, rows.theta_dataset, what, theta)


def check_units(showers: Showers, rows: Rows, plausible: tuple[float, float]) -> None:
    """Check what the cells hold of the primary energy (median of the showers that are not empty).

    Raises:
        DataError: if it is no likely sampling fraction.
    """
    deposited = showers.cells_GeV.sum(axis=(1, 2, 3), dtype=np.float64)
    fraction = (deposited / showers.primary_energy_GeV)[deposited > 0]
    low, high = plausible
    if len(fraction) and not low <= float(np.median(fraction)) <= high:
        raise DataError(
            f"{rows.path}: datasets {rows.cells_dataset} and {rows.energy_dataset}, from row "
            f"{rows.row(0)}: the cells hold {np.median(fraction):.3g} of the primary energy "
            f"(median), outside {low:g} to {high:g}. Both must be in GeV. {rows.remedy}"
        )


def _refuse_cell(
    faulty: NDArray[np.bool_], showers: Showers, rows: Rows, what: str, remedy: str
) -> None:
    """Raise DataError for the first faulty cell: (N, X, Y, Z)."""
    if faulty.any():
        place = np.unravel_index(int(np.argmax(faulty)), faulty.shape)
        cell = tuple(int(index) for index in place[1:])
        where = f"dataset {rows.cells_dataset}, row {rows.row(int(place[0]))}, cell {cell}"
        value = showers.cells_GeV[place]
        message = f"{rows.path}: {where} {what}: {value:g} GeV. {remedy} {rows.remedy}"
        raise DataError(message.strip())


def _refuse(
    faulty: NDArray[np.bool_] | np.bool_,
    rows: Rows,
    dataset: str,
    what: str,
    values: NDArray[Any] | None = None,
) -> None:
    """Raise DataError for the first faulty row: (N,). In `what`, {} stands for its value."""
    if faulty.any():
        index = int(np.argmax(faulty))
        said = what.format("" if values is None else f"{values[index]:g}")
        message = f"{rows.path}: dataset {dataset}, row {rows.row(index)} {said}. {rows.remedy}"
        raise DataError(message.strip())


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
