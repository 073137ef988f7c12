"""The list of a sample's shards with their checksums: a missing or exchanged file is noticed.

Also what they hold, in a few numbers.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import write_json
from heitler.data.checks import REMAKE, DataError
from heitler.data.hdf5 import iterate_showers, read_attributes
from heitler.showers import sampling_fraction

LIST_FILE = "shards.json"


def write_shard_list(folder: Path) -> None:
    """Write the names and SHA-256 of the shower files in `folder` beside them."""
    write_json(folder / LIST_FILE, {path.name: _sha256(path) for path in _shards(folder)})


def find_shards(folder: Path) -> list[Path]:
    """The shower files of the simulate stage, in order.

    A folder without a list, as other programs make them, is taken as it is.

    Raises:
        DataError: if there are none, or others than the list names.
    """
    shards = _shards(folder)
    if not shards:
        raise DataError(f"{folder}: no shower files. Make some: dvc repro simulate")
    listed = _read_list(folder / LIST_FILE)
    names = {path.name for path in shards}
    faults = [
        *(f"{folder / name} is missing" for name in sorted(listed.keys() - names)),
        *(f"{folder / name} is not of this sample" for name in sorted(names - listed.keys())),
        *(
            f"{path} has other bytes than were written"
            for path in shards
            if path.name in listed and _sha256(path) != listed[path.name]
        ),
    ]
    if listed and faults:
        raise DataError("\n".join(f"{fault} (says {LIST_FILE}). {REMAKE}" for fault in faults))
    return shards


def _read_list(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return {str(name): str(checksum) for name, checksum in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path}: is damaged ({error}). {REMAKE}") from None


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.h5"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_sample(shards: Sequence[Path]) -> dict[str, float | int | str | None]:
    """Count, energies, mean sampling fraction and CPU time of all showers, read in pieces."""
    energies: list[NDArray[np.float32]] = []
    fractions: list[NDArray[np.float64]] = []
    cpu_seconds: list[NDArray[np.float32]] = []
    for shard in shards:
        for showers in iterate_showers(shard):
            energies.append(showers.primary_energy_GeV)
            fractions.append(sampling_fraction(showers.cells_GeV, showers.primary_energy_GeV))
            cpu_seconds.append(showers.cpu_seconds)
    energy, fraction = np.concatenate(energies), np.concatenate(fractions)
    cpu = np.concatenate(cpu_seconds)
    timed = bool(np.isfinite(cpu).all())  # imported showers carry no times
    return {
        "label": str(read_attributes(shards[0])["label"]),
        "showers": len(energy),
        "primary_energy_mean_GeV": float(energy.mean()),
        "sampling_fraction_mean": float(fraction.mean()),
        "sampling_fraction_std": float(fraction.std()),
        "cpu_seconds_per_shower": float(cpu.mean()) if timed else None,
        "cpu_seconds_per_GeV": float(cpu.sum() / energy.sum()) if timed else None,
    }
