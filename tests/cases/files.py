"""Small files as other people and programs make them, of synthetic showers with known answers."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SIDE, LAYERS, COUNT = 9, 9, 60
"""Images of the preset smoke."""
FRACTION = 0.03
"""Deposited over primary energy."""
BLOSC, ZSTANDARD = 32001, 32015


def energies(count: int = COUNT) -> Array:
    """Primary energies, 1 to 4 GeV: (N,)."""
    return np.random.default_rng(3).uniform(1, 4, count)


def images(energy_GeV: Array, layers: int = LAYERS, side: int = SIDE) -> Array:
    """Cells in GeV: gamma profile in depth, exponential across, 3% of the energy: (N, X, Y, Z)."""
    random = np.random.default_rng(3)
    x, y, z = np.meshgrid(np.arange(side), np.arange(side), np.arange(layers), indexing="ij")
    radius, depth = np.hypot(x - (side - 1) / 2, y - (side - 1) / 2), (z + 0.5) / (0.3 * layers)
    mean = depth**3 * np.exp(3 * (1 - depth)) * np.exp(-radius / 1.2)
    cells = mean * random.gamma(4, 0.25, (len(energy_GeV), *mean.shape))
    scale = FRACTION * energy_GeV * (1 + random.normal(0, 0.03, len(energy_GeV)))
    cells *= (scale / cells.sum(axis=(1, 2, 3)))[:, None, None, None]
    cells[cells < 1e-6] = 0
    return cells


def write(path: Path, /, **datasets: Any) -> Path:
    """HDF5 with these datasets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def attribute(path: Path, dataset: str, **values: Any) -> Path:
    """Give a dataset, or the file itself ("/"), attributes."""
    with h5py.File(path, "r+") as file:
        for name, value in values.items():
            file[dataset].attrs[name] = value
    return path


def fixed_angle(
    path: Path, factor: float = 1.0, code: float | Array = 11.0, energy: Array | None = None
) -> Path:
    """CERN's fixed-angle layout: ECAL, target (N, 2); all numbers times a factor."""
    truth = energies()
    codes = np.broadcast_to(np.asarray(code, np.float64), (COUNT,))
    shown = truth * factor if energy is None else energy
    cells = (images(truth) * factor).astype(np.float32)
    return write(path, ECAL=cells, target=np.stack([codes, shown], axis=1))


def variable_angle(path: Path, scale: float = 50.0, **changes: Any) -> Path:
    """CERN's variable-angle layout: ECAL times 50, energy, theta; None leaves a dataset out."""
    truth = energies()
    datasets = {
        "ECAL": (images(truth) * scale).astype(np.float32),
        "HCAL": np.zeros((COUNT, 4, 4, 3), np.float32),
        "energy": truth,
        "theta": np.full(COUNT, 1.5),
        "pdgID": np.full(COUNT, 11.0),
    } | changes
    return write(path, **{name: data for name, data in datasets.items() if data is not None})


def calochallenge(path: Path, factor: float = 1000.0) -> Path:
    """CaloChallenge's layout, in MeV with the usual factor: layer, x, y."""
    truth = energies()
    voxels = np.moveaxis(images(truth), 3, 1).reshape(COUNT, -1) * factor
    return write(path, showers=voxels, incident_energies=truth[:, None] * factor)


def filtered(path: Path, number: int, *, used: bool) -> Path:
    """Cells with a filter that HDF5 does not have; unused, or with bytes that went through it."""
    truth = energies()
    cells = images(truth).astype(np.float32)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk(cells.shape)
    plist.set_filter(number, h5py.h5z.FLAG_OPTIONAL, ())
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple(cells.shape)
        made = h5py.h5d.create(file.id, b"ECAL", h5py.h5t.NATIVE_FLOAT, space, dcpl=plist)
        if used:
            made.write_direct_chunk((0, 0, 0, 0), cells.tobytes(), filter_mask=0)
        else:
            h5py.Dataset(made)[...] = cells
        file["target"] = np.stack([np.full(COUNT, 11.0), truth], axis=1)
    return path


def text(path: Path, content: str | bytes) -> Path:
    """A file of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
