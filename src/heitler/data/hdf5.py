"""Shower files: HDF5 in the layout of CERN's public calorimeter data, plus units and provenance.

This project's files carry their checksum (`heitler.base.hdf5_opening`); others need none.

| dataset         | shape        | unit | meaning                                      |
|-----------------|--------------|------|----------------------------------------------|
| `ECAL`          | (N, X, Y, Z) | GeV  | cell energies, chunked by shower, compressed |
| `target`        | (N, 2)       | GeV  | particle code (PDG), primary energy          |
| `energy`        | (N,)         | GeV  | primary energy                               |
| `theta`         | (N,)         | rad  | angle to the calorimeter's face              |
| `event_id`      | (N,)         |      | unique number of the event                   |
| `cpu_seconds`   | (N,)         | s    | CPU time that the shower took to make        |
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.base.hdf5_opening import SEAL_B, open_for_reading, seal

PDG = {"e-": 11, "e+": -11, "gamma": 22}
UNITS = {
    "ECAL": "GeV",
    "target": "PDG code, GeV",
    "energy": "GeV",
    "theta": "rad",
    "cpu_seconds": "s",
}
COLUMNS: dict[str, tuple[tuple[int, ...], str]] = {
    "target": ((2,), "f4"),
    "energy": ((), "f4"),
    "theta": ((), "f4"),
    "event_id": ((), "i8"),
    "cpu_seconds": ((), "f4"),
}
"""Shape and type of one row of every dataset but ECAL."""


@dataclass(frozen=True)
class Showers:
    """Showers in memory; the fields are the datasets of a shower file."""

    cells_GeV: NDArray[np.float32]
    """(N, X, Y, Z)"""
    primary_energy_GeV: NDArray[np.float32]
    """(N,)"""
    theta_rad: NDArray[np.float32]
    """(N,)"""
    event_id: NDArray[np.int64]
    """(N,)"""
    cpu_seconds: NDArray[np.float32]
    """(N,); NaN where unknown"""
    particle: str = "e-"

    def __len__(self) -> int:
        return len(self.event_id)

    def __getitem__(self, rows: Any) -> "Showers":
        return Showers(
            self.cells_GeV[rows],
            self.primary_energy_GeV[rows],
            self.theta_rad[rows],
            self.event_id[rows],
            self.cpu_seconds[rows],
            self.particle,
        )


def concatenate(parts: list[Showers]) -> Showers:
    """Join showers of equal image shape, in order."""
    return Showers(
        np.concatenate([part.cells_GeV for part in parts]),
        np.concatenate([part.primary_energy_GeV for part in parts]),
        np.concatenate([part.theta_rad for part in parts]),
        np.concatenate([part.event_id for part in parts]),
        np.concatenate([part.cpu_seconds for part in parts]),
        parts[0].particle,
    )


def write_showers(path: Path, showers: Showers, attributes: Mapping[str, Any]) -> None:
    """Write a shower file, atomically. Attributes that are no plain scalars are stored as JSON."""
    with shower_writer(path, showers.cells_GeV.shape[1:], attributes) as append:
        append(showers)


@contextlib.contextmanager
def shower_writer(
    path: Path, image_shape: tuple[int, ...], attributes: Mapping[str, Any]
) -> Iterator[Callable[[Showers], None]]:
    """Yield a function that appends showers to a new file, which appears if the block succeeds."""
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w", userblock_size=SEAL_B, locking=False) as file:
            _create_datasets(file, image_shape)
            for key, value in attributes.items():
                plain = isinstance(value, str | int | float | bool)
                file.attrs[key] = value if plain else json.dumps(value)
            yield lambda showers: _append(file, showers)
        seal(temporary)


def _create_datasets(file: h5py.File, image_shape: tuple[int, ...]) -> None:
    for name, (shape, dtype) in COLUMNS.items():
        file.create_dataset(name, (0, *shape), dtype, maxshape=(None, *shape), chunks=True)
    file.create_dataset(
        "ECAL",
        (0, *image_shape),
        np.float32,
        maxshape=(None, *image_shape),
        chunks=(1, *image_shape),
        compression="gzip",
        shuffle=True,
    )
    for name, unit in UNITS.items():
        file[name].attrs["unit"] = unit


def _append(file: h5py.File, showers: Showers) -> None:
    code = np.full(len(showers), PDG[showers.particle], np.float32)
    rows = {
        "ECAL": showers.cells_GeV,
        "target": np.stack([code, showers.primary_energy_GeV], axis=1),
        "energy": showers.primary_energy_GeV,
        "theta": showers.theta_rad,
        "event_id": showers.event_id,
        "cpu_seconds": showers.cpu_seconds,
    }
    first = len(file["event_id"])
    for name, values in rows.items():
        file[name].resize(first + len(showers), axis=0)
        file[name][first:] = values


def read_showers(path: Path) -> Showers:
    """Read a whole shower file that this project wrote."""
    with open_for_reading(path) as file:
        return read_rows(file, slice(None))


def iterate_showers(path: Path, at_once: int = 512) -> Iterator[Showers]:
    """Read a shower file that may exceed the memory, `at_once` showers at a time."""
    with open_for_reading(path) as file:
        for first in range(0, len(file["event_id"]), at_once):
            yield read_rows(file, slice(first, first + at_once))


def read_rows(file: h5py.File, rows: slice) -> Showers:
    """Some showers of an open file."""
    codes = {code: name for name, code in PDG.items()}
    return Showers(
        file["ECAL"][rows],
        file["energy"][rows],
        file["theta"][rows],
        file["event_id"][rows],
        file["cpu_seconds"][rows],
        codes[int(file["target"][0, 0])],
    )


def read_energies_GeV(path: Path) -> NDArray[np.float32]:
    """Primary energies of all showers of a file: (N,) GeV."""
    with open_for_reading(path) as file:
        return np.asarray(file["energy"][:])


def read_attributes(path: Path) -> dict[str, Any]:
    """The file's attributes, JSON ones decoded."""
    with open_for_reading(path) as file:
        return {key: _decode(value) for key, value in file.attrs.items()}


def _decode(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value
