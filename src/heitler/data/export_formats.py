"""Formats of others: showers written as point clouds and for CaloChallenge.

Export to `showerdata`'s point clouds: one point (x, y, z, energy) per cell with energy.

x and y are cell indices, z the layer, energies in GeV; the particle's direction is in our axes: a
tilted particle moves along y [https://flc-qu-hep.github.io/ShowerData/].

Export to CaloChallenge's HDF5: `incident_energies` (N, 1) and `showers` (N, voxels), in MeV.

A shower is flattened layer by layer, and a layer row by row: index = (z * X + x) * Y + y. That is
the order of CaloChallenge's regular data sets too, with x the angular and y the radial bin of a
cylinder (data set 2: shape 16, 9, 45). Read by `heitler.data.layouts`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
import showerdata
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.data.hdf5 import PDG, Showers
from heitler.data.layouts import SHAPE_ATTRIBUTE

ENERGIES, VOXELS = "incident_energies", "showers"
GEV_IN_MEV = 1000.0


def export_showerdata(read: Callable[[], Iterable[Showers]], target: Path) -> int:
    """Write showers as point clouds, piece by piece; how many. They are read twice."""
    counts = [int(n) for part in read() for n in _hits(part)]
    most = max(counts, default=0)
    with atomic_path(target) as temporary:
        showerdata.create_empty_file(temporary, (len(counts), most, 4))
        first = 0
        for showers in read():
            showerdata.save_batch(_point_clouds(showers, most), temporary, start=first)
            first += len(showers)
    return len(counts)


def _point_clouds(showers: Showers, most: int) -> showerdata.Showers:
    """Points with energy first, padded with zeros: (N, most, 4)."""
    points = np.zeros((len(showers), most, 4), np.float32)
    for row, cells in enumerate(showers.cells_GeV):
        places = np.argwhere(cells > 0)  # (n, 3)
        points[row, : len(places), :3] = places
        points[row, : len(places), 3] = cells[cells > 0]
    theta = showers.theta_rad
    return showerdata.Showers(
        points=points,
        energies=showers.primary_energy_GeV[:, None],
        pdg=PDG[showers.particle],
        directions=np.stack([np.zeros_like(theta), np.cos(theta), np.sin(theta)], axis=1),
        shower_ids=showers.event_id,
        num_points=_hits(showers),
    )


def _hits(showers: Showers) -> NDArray[np.int32]:
    return np.asarray((showers.cells_GeV > 0).sum(axis=(1, 2, 3)), np.int32)


def export_calochallenge(parts: Iterable[Showers], target: Path) -> int:
    """Write showers in the layout, piece by piece; how many."""
    written = 0
    with atomic_path(target) as temporary, h5py.File(temporary, "w", locking=False) as file:
        for showers in parts:
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
