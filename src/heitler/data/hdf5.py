"""Shower files: HDF5 in the layout of CERN's public calorimeter data, plus units and provenance.

| dataset         | shape        | unit | meaning                                      |
|-----------------|--------------|------|----------------------------------------------|
| `ECAL`          | (N, X, Y, Z) | GeV  | cell energies, chunked by shower, compressed |
| `target`        | (N, 2)       | GeV  | particle code (PDG), primary energy          |
| `energy`        | (N,)         | GeV  | primary energy                               |
| `theta`         | (N,)         | rad  | angle to the calorimeter's face              |
| `event_id`      | (N,)         |      | unique number of the event                   |
| `cpu_seconds`   | (N,)         | s    | CPU time that the shower took to make        |
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.files import atomic_path

PDG = {"e-": 11, "e+": -11, "gamma": 22}
UNITS = {
    "ECAL": "GeV",
    "target": "PDG code, GeV",
    "energy": "GeV",
    "theta": "rad",
    "cpu_seconds": "s",
}


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
    n, *shape = showers.cells_GeV.shape
    target = np.stack(
        [np.full(n, PDG[showers.particle], np.float32), showers.primary_energy_GeV], axis=1
    )
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset(
            "ECAL", data=showers.cells_GeV, chunks=(1, *shape), compression="gzip", shuffle=True
        )
        file["target"] = target
        file["energy"] = showers.primary_energy_GeV
        file["theta"] = showers.theta_rad
        file["event_id"] = showers.event_id
        file["cpu_seconds"] = showers.cpu_seconds
        for name, unit in UNITS.items():
            file[name].attrs["unit"] = unit
        for key, value in attributes.items():
            plain = isinstance(value, str | int | float | bool)
            file.attrs[key] = value if plain else json.dumps(value)


def read_showers(path: Path) -> Showers:
    """Read a whole shower file that this project wrote."""
    with h5py.File(path, "r") as file:
        codes = {code: name for name, code in PDG.items()}
        return Showers(
            file["ECAL"][:],
            file["energy"][:],
            file["theta"][:],
            file["event_id"][:],
            file["cpu_seconds"][:],
            codes[int(file["target"][0, 0])],
        )


def read_attributes(path: Path) -> dict[str, Any]:
    """The file's attributes, JSON ones decoded."""
    with h5py.File(path, "r") as file:
        return {key: _decode(value) for key, value in file.attrs.items()}


def _decode(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value
