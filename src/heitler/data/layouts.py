"""Layouts of shower files: which datasets hold what. A further layout is a further entry here.

| layout         | cells                | primary energy      | angle             | particle       |
|----------------|----------------------|---------------------|-------------------|----------------|
| fixed angle    | `ECAL`, GeV          | `target[:, 1]`      | `theta` or 90 deg | `target[:, 0]` |
| variable angle | `ECAL`, GeV times 50 | `energy`            | `theta`, `mtheta` | `pdgID`        |
| CaloChallenge  | `showers`, MeV       | `incident_energies` | 90 deg            | not said       |

This project's own files have the fixed-angle datasets, an angle, and units in attributes. CERN's
public data: Zenodo record 3603086 (https://zenodo.org/records/3603086).
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError, require_dataset
from heitler.data.safety import has_name

Shape = tuple[int, int, int]
SHAPE_ATTRIBUTE = "image_shape"
"""Attribute of files with one row of cells per shower; we write it, others do without."""
SAMPLING = (1e-3, 0.8)
"""Deposited over primary energy of a sampling calorimeter; data times 50 or 1000 lie outside."""
CALIBRATED = (1e-3, 3.0)
"""The same where cells may be divided by the sampling fraction, as CaloChallenge's are."""
VARIABLE_ANGLE_SCALE = 50.0
"""CERN's variable-angle files hold cell energies in GeV times this."""


@dataclass(frozen=True)
class Column:
    """Numbers, one per shower: a dataset, or a column of one."""

    dataset: str
    index: int = 0

    def __str__(self) -> str:
        return f"{self.dataset}[:, {self.index}]" if self.index else self.dataset


@dataclass(frozen=True)
class Layout:
    """Which datasets of a file hold what."""

    name: str
    """For people."""
    cells: str
    energy: Column
    angles: tuple[str, ...]
    """The first one that is there."""
    particles: tuple[Column, ...]
    """PDG codes; the first one that is there."""
    same_energy: tuple[Column, ...] = ()
    """Must hold the primary energy too, where they are there."""
    unit: str = "GeV"
    """Unit of cells and energies, where nobody says another."""
    scales: tuple[float, ...] = (1.0,)
    """What cells may be multiplied by; the first is usual."""
    plausible: tuple[float, float] = SAMPLING
    perpendicular: bool = True
    """Whether particles come in perpendicularly where the file has no angles."""
    flat: bool = False
    """Whether a shower's cells are one row, layer by layer; else X, Y, Z."""


FIXED_ANGLE = Layout(
    "shower images with a target (CERN's fixed-angle files, this project's)",
    cells="ECAL",
    energy=Column("target", 1),
    angles=("theta", "mtheta"),
    particles=(Column("target"),),
    same_energy=(Column("energy"),),
)
VARIABLE_ANGLE = Layout(
    "CERN's variable-angle images",
    cells="ECAL",
    energy=Column("energy"),
    angles=("theta", "mtheta"),
    particles=(Column("pdgID"), Column("pdgid"), Column("pdg")),
    scales=(VARIABLE_ANGLE_SCALE, 1.0),
    perpendicular=False,
)
CALOCHALLENGE = Layout(
    "CaloChallenge's voxels",
    cells="showers",
    energy=Column("incident_energies"),
    angles=(),
    particles=(),
    unit="MeV",
    plausible=CALIBRATED,
    flat=True,
)
LAYOUTS = (CALOCHALLENGE, FIXED_ANGLE, VARIABLE_ANGLE)
"""In the order in which they are tried."""
ENERGY_COLUMNS = (
    (CALOCHALLENGE.energy, "MeV"),
    (VARIABLE_ANGLE.energy, "GeV"),
    (FIXED_ANGLE.energy, "GeV"),
)
"""Where energies are that come without cells, and their usual unit, in the order of trying."""
KNOWN = (
    "Known are ECAL with target, ECAL with energy and theta (CERN's images, this project's), and "
    "showers with incident_energies (CaloChallenge): docs/own-data.md."
)


def find_layout(file: h5py.File, path: Path) -> Layout:
    """Recognise the layout by its datasets.

    Raises:
        DataError: if it is none that we know.
    """
    for layout in LAYOUTS:
        if has_name(file, layout.cells) and has_name(file, layout.energy.dataset):
            return layout
    present = ", ".join(file) or "none"
    missing = "energy" if has_name(file, "ECAL") else "ECAL"
    raise DataError(f"{path}: dataset {missing} is missing (present: {present}). {KNOWN}")


def find_column(file: h5py.File, columns: tuple[Column, ...]) -> Column | None:
    """The first of the columns whose dataset is there."""
    return next((column for column in columns if has_name(file, column.dataset)), None)


def read_column(file: h5py.File, path: Path, column: Column, rows: int) -> NDArray[np.float64]:
    """One number for each of so many showers: (N,).

    Raises:
        DataError: for another number of rows, or too few or too many numbers in a row.
    """
    data = require_dataset(file, path, column.dataset, KNOWN)
    found, *columns = data.shape or (0,)
    if found != rows:
        raise DataError(
            f"{path}: dataset {column.dataset} has {found} rows, but there are {rows} showers. "
            "Give a file with one for each."
        )
    width = int(np.prod(columns))
    if width <= column.index or (column.dataset != "target" and width != 1):
        raise DataError(
            f"{path}: dataset {column.dataset} has shape {data.shape}, too many or too few numbers "
            "per shower. Give a file with one for each, and two or more in target."
        )
    values = np.asarray(data[:], np.float64).reshape(rows, width)
    return np.asarray(values[:, column.index])


def find_shape(file: h5py.File, path: Path, layout: Layout, asked: Shape | None) -> Shape:
    """X, Y, Z of the file's showers.

    Raises:
        DataError: if nobody says, if the file has other images, or no showers.
    """
    found: tuple[int, ...] = require_dataset(file, path, layout.cells, KNOWN).shape or ()
    if layout.flat and len(found) == 2:
        shape = _shape_of_rows(file, path, found[1], asked)
    elif not layout.flat and (len(found) == 4 or (len(found) == 5 and found[4] == 1)):
        shape = (found[1], found[2], found[3])
    else:
        wanted = "(showers, voxels)" if layout.flat else "(showers, X, Y, Z)"
        raise DataError(f"{path}: dataset {layout.cells} has shape {found}, not {wanted}. {KNOWN}")
    if not found[0]:
        raise DataError(f"{path}: dataset {layout.cells} has no showers. Give a file with some.")
    return shape


def _shape_of_rows(file: h5py.File, path: Path, voxels: int, asked: Shape | None) -> Shape:
    known = tuple(int(n) for n in file.attrs.get(SHAPE_ATTRIBUTE, ()))
    shape = asked or known
    if len(shape) != 3:
        raise DataError(
            f"{path}: a CaloChallenge file of {voxels} voxels does not say how they lie. Add "
            "--shape X,Y,Z, such as --shape 16,9,45 for its data set 2."
        )
    if min(shape) < 1 or int(np.prod(shape)) != voxels:
        raise DataError(
            f"{path}: shape {shape} has {np.prod(shape)} cells, but a shower {voxels} voxels. "
            "Correct --shape X,Y,Z."
        )
    return shape[0], shape[1], shape[2]


def to_images(cells: NDArray[np.float32], layout: Layout, shape: Shape) -> NDArray[np.float32]:
    """Rows of the cells' dataset as (N, X, Y, Z).

    A flat row is layer by layer, and a layer row by row: index = (z * X + x) * Y + y.
    """
    count, (x, y, z) = len(cells), shape
    if layout.flat:
        return np.moveaxis(cells.reshape(count, z, x, y), 1, 3)
    return cells.reshape(count, x, y, z)
