"""Export to `showerdata`'s point clouds: one point (x, y, z, energy) per cell with energy.

x and y are cell indices, z the layer, energies in GeV; the particle's direction is in our axes: a
tilted particle moves along y [https://flc-qu-hep.github.io/ShowerData/].
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import showerdata
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.data.hdf5 import PDG, Showers


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
