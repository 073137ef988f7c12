"""CaloChallenge's HDF5 layout: `incident_energies` (N, 1) and `showers` (N, voxels), both in MeV.

The file does not say how its voxels lie. Here a shower is flattened layer by layer, and a layer
row by row: index = (z * X + x) * Y + y. That is the order of CaloChallenge's regular data sets
too, with x the angular and y the radial bin of a cylinder (data set 2: shape 16, 9, 45).
"""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.data.checks import DataError, require_dataset
from heitler.data.hdf5 import Showers, iterate_showers
from heitler.files import atomic_path

ENERGIES, VOXELS = "incident_energies", "showers"
GEV_IN_MEV = 1000.0
SHAPE_ATTRIBUTE = "image_shape"
"""Written by this project; other writers do without."""

Shape = tuple[int, int, int]


def is_calochallenge(file: h5py.File) -> bool:
    """Whether the file has the layout's datasets."""
    return ENERGIES in file and VOXELS in file


def find_shape(file: h5py.File, path: Path, asked: Shape | None) -> Shape:
    """X, Y, Z of the file's showers.

    Raises:
        DataError: if nobody says, or if it does not fit the number of voxels.
    """
    require_dataset(file, path, VOXELS, "Give a CaloChallenge file.")
    voxels = int(file[VOXELS].shape[1])
    known = tuple(int(n) for n in file.attrs.get(SHAPE_ATTRIBUTE, ()))
    shape = asked or known
    if len(shape) != 3:
        raise DataError(
            f"{path}: a CaloChallenge file of {voxels} voxels does not say how they lie. Add "
            "--shape X,Y,Z, such as --shape 16,9,45 for its data set 2."
        )
    if int(np.prod(shape)) != voxels:
        raise DataError(
            f"{path}: shape {shape} has {np.prod(shape)} cells, but a shower {voxels} voxels. "
            "Correct --shape X,Y,Z."
        )
    return shape[0], shape[1], shape[2]


def count_showers(file: h5py.File, path: Path) -> int:
    """How many showers the file holds.

    Raises:
        DataError: if there are none, or not one energy for each.
    """
    require_dataset(file, path, ENERGIES, "Give a CaloChallenge file.")
    showers, energies = file[VOXELS].shape[0], file[ENERGIES].size
    if not showers:
        raise DataError(f"{path}: no showers in it. Give a CaloChallenge file.")
    if energies != showers:
        raise DataError(
            f"{path}: {energies} numbers in dataset {ENERGIES}, but {showers} showers. "
            "Give a CaloChallenge file."
        )
    return int(showers)


def read_rows(file: h5py.File, rows: slice, shape: Shape) -> Showers:
    """Some showers of an open file; they have no angle, no ids and no CPU times of their own."""
    x, y, z = shape
    voxels = np.asarray(file[VOXELS][rows], np.float32) / np.float32(GEV_IN_MEV)
    energy = np.asarray(file[ENERGIES][rows], np.float32).reshape(len(voxels)) / GEV_IN_MEV
    count = len(voxels)
    return Showers(
        cells_GeV=np.moveaxis(voxels.reshape(count, z, x, y), 1, 3),
        primary_energy_GeV=energy.astype(np.float32),
        theta_rad=np.full(count, np.pi / 2, np.float32),
        event_id=rows.start + np.arange(count, dtype=np.int64),
        cpu_seconds=np.full(count, np.nan, np.float32),
    )


def export_calochallenge(source: Path, target: Path) -> int:
    """Write a shower file of this project in the layout, piece by piece; how many showers."""
    written = 0
    with atomic_path(target) as temporary, h5py.File(temporary, "w", locking=False) as file:
        for showers in iterate_showers(source):
            if not written:
                _create(file, showers.cells_GeV.shape[1:])
            _append(file[ENERGIES], showers.primary_energy_GeV[:, None] * GEV_IN_MEV)
            flat = np.moveaxis(showers.cells_GeV, 3, 1).reshape(len(showers), -1)
            _append(file[VOXELS], flat * np.float32(GEV_IN_MEV))
            written += len(showers)
    return written


def _create(file: h5py.File, shape: tuple[int, ...]) -> None:
    voxels = int(np.prod(shape))
    for name, columns in ((ENERGIES, 1), (VOXELS, voxels)):
        file.create_dataset(
            name, (0, columns), np.float32, maxshape=(None, columns), chunks=(64, columns),
            compression="gzip",
        )  # fmt: skip
        file[name].attrs["unit"] = "MeV"
    file.attrs[SHAPE_ATTRIBUTE] = shape


def _append(dataset: h5py.Dataset, rows: NDArray[np.float32]) -> None:
    first = len(dataset)
    dataset.resize(first + len(rows), axis=0)
    dataset[first:] = rows
