"""Primary energies to generate showers at: sampled from a spectrum, or read from a file."""

from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError, damage_reported, open_hdf5, require_dataset
from heitler.data.layouts import ENERGY_COLUMNS, Column
from heitler.data.safety import has_name
from heitler.data.units import IN_GEV, Stated, UnitError, as_unit, decide_energy_unit, find_unit
from heitler.generation.energy_table import EnergyTable, read_energy_table
from heitler.generation.errors import GenerationError

Energies = NDArray[np.float32]
FORMATS = (
    "Give text with one energy in GeV per line, a table with a column energy, or HDF5 with "
    "`energy`, `target` or `incident_energies`."
)
HDF5_REMEDY = "Compare size and checksum with where the file came from. It is left as it is."


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


def read_requested_energies_GeV(
    path: Path, column: str | None = None, unit: str | None = None
) -> tuple[Energies, str]:
    """Primary energies from a text, CSV or HDF5 file: (N,) GeV, and how they were read.

    Args:
        column: its name or number, or a dataset, where the file has several.
        unit: of the energies, whatever the file says.

    Raises:
        GenerationError: if the file is missing, empty, or holds something else, with line and
            column or dataset and row.
    """
    if not path.is_file():
        raise GenerationError(f"{path}: not found. {FORMATS}")
    try:
        asked = as_unit(unit, "--unit") if unit else None
        if h5py.is_hdf5(path):
            return _read_hdf5(path, column, asked)
        return _from_table(path, read_energy_table(path, column), asked)
    except (UnitError, DataError) as error:
        named = str(error) if str(error).startswith(str(path)) else f"{path}: {error}"
        raise GenerationError(named) from None


def _from_table(path: Path, table: EnergyTable, asked: str | None) -> tuple[Energies, str]:
    if not len(table.values):
        raise GenerationError(f"{path}: holds no energies. {FORMATS}")
    if table.commented_unit not in (None, "GeV") and not asked and not table.unit:
        raise GenerationError(
            f"{path}: a comment speaks of {table.commented_unit}, the numbers do not. Say what "
            f"they are in: --unit {table.commented_unit} or --unit GeV."
        )
    unit = asked or table.unit or "GeV"
    by = "--unit" if asked else "as the file says" if table.unit else "nothing else is said"
    return _checked(path, table.values, table.places, unit, f"{table.what}, in {unit} ({by})")


def _read_hdf5(path: Path, column: str | None, asked: str | None) -> tuple[Energies, str]:
    with open_hdf5(path, HDF5_REMEDY) as file, damage_reported(path, HDF5_REMEDY):
        found, usual = _find_energies(file, path, column)
        data = require_dataset(file, path, found.dataset, FORMATS)
        rows = data.shape[0] if data.shape else 0
        values = np.asarray(data[:], np.float64).reshape(rows, -1) if rows else np.empty((0, 1))
        said = asked or find_unit(data.attrs) or find_unit(file.attrs)
    if not values.size:
        raise GenerationError(f"{path}: holds no energies. {FORMATS}")
    if values.shape[1] <= found.index or (not found.index and values.shape[1] != 1):
        raise GenerationError(
            f"{path}: dataset {found.dataset} has shape {data.shape}, not one energy per row. "
            f"{FORMATS}"
        )
    energies = values[:, found.index]
    places = [f"dataset {found.dataset}, row {row}" for row in range(rows)]
    by = "--unit" if asked else "attribute unit" if said else "usual for this layout"
    _checked(path, energies, places, said or usual, "")
    unit = decide_energy_unit(energies, found.dataset, usual, Stated(None, said, by))
    return _checked(path, energies, places, unit, f"dataset {found}, in {unit} ({by})")


def _find_energies(file: h5py.File, path: Path, column: str | None) -> tuple[Column, str]:
    """Which dataset holds the energies, and their usual unit."""
    if column is not None:
        usual = {known.dataset: (known, unit) for known, unit in ENERGY_COLUMNS}
        return usual.get(column, (Column(column), "GeV"))
    for known, unit in ENERGY_COLUMNS:
        if has_name(file, known.dataset):
            return known, unit
    present = ", ".join(file) or "none"
    raise GenerationError(
        f"{path}: no dataset of energies (present: {present}). {FORMATS} Another: --column NAME."
    )


def _checked(
    path: Path, values: NDArray[np.float64], places: list[str], unit: str, how: str
) -> tuple[Energies, str]:
    """Energies in GeV, and the sentence; errors name the place of the first that is none."""
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if wrong.size:
        raise GenerationError(
            f"{path}: {places[wrong[0]]}: energy {values[wrong[0]]:g}. Give energies above 0 GeV."
        )
    energies = (values * IN_GEV[unit]).astype(np.float32)
    low, high = energies.min(), energies.max()
    return energies, f"{path}: {len(energies)} energies, {how}: {low:g} to {high:g} GeV"
