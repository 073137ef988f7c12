"""Primary energies to generate showers at: sampled from a spectrum, or read from a file."""

from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.generation.errors import GenerationError

Energies = NDArray[np.float32]
HDF5_SUFFIXES = (".h5", ".hdf5")
FORMATS = "Give text with one energy in GeV per line (a CSV column), or HDF5 with `energy`."


def sample_energies_GeV(
    count: int,
    low: float,
    high: float,
    *,
    spectrum: Literal["uniform", "log-uniform"] = "uniform",
    seed: int,
) -> Energies:
    """Random primary energies between `low` and `high` GeV: (count,) GeV.

    The first energies do not depend on `count`.
    """
    if not 0 < low <= high < np.inf:
        raise GenerationError(
            f"The energy range is {low:g} to {high:g} GeV. Give 0 < minimum <= maximum."
        )
    stream = np.random.Generator(np.random.Philox(key=[seed, 3]))
    if spectrum == "uniform":
        return stream.uniform(low, high, count).astype(np.float32)
    return np.exp(stream.uniform(np.log(low), np.log(high), count)).astype(np.float32)


def read_requested_energies_GeV(path: Path) -> Energies:
    """Primary energies from a text, CSV or HDF5 file: (N,) GeV.

    Raises:
        GenerationError: if the file is missing, empty, or holds something else.
    """
    if not path.is_file():
        raise GenerationError(f"{path}: not found. {FORMATS}")
    energies = _read_hdf5(path) if path.suffix in HDF5_SUFFIXES else _read_text(path)
    if not energies.size:
        raise GenerationError(f"{path}: holds no energies. {FORMATS}")
    wrong = np.flatnonzero(~(np.isfinite(energies) & (energies > 0)))
    if wrong.size:
        raise GenerationError(
            f"{path}: energy number {wrong[0] + 1} is {energies[wrong[0]]:g} GeV. "
            "Give energies above 0 GeV."
        )
    return energies


def _read_hdf5(path: Path) -> Energies:
    try:
        with h5py.File(path, "r") as file:
            return np.asarray(file["energy"][:], np.float32).ravel()
    except (OSError, KeyError) as error:
        raise GenerationError(f"{path}: {str(error).strip(chr(34))}. {FORMATS}") from None


def _read_text(path: Path) -> Energies:
    """One number per line; a first line that is no number is a heading."""
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        raise GenerationError(f"{path}: is not text. {FORMATS}") from None
    values = []
    for number, line in enumerate(lines, start=1):
        field = line.split(",")[0].strip()
        if not field:
            continue
        try:
            values.append(float(field))
        except ValueError:
            if number > 1:
                message = f"{path}: line {number} is {line!r}, not an energy. {FORMATS}"
                raise GenerationError(message) from None
    return np.array(values, np.float32)
