"""What the layered generator is told of the training showers before it learns.

Nothing of it is learned by gradients: where a shower's axis is, how cell energies are spread, how
much of the primary energy the sensors see. Pure NumPy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from heitler.model.layered.sizes import POINTS, RADII

Float: TypeAlias = NDArray[np.floating]
AT_ONCE = 256
HITS_KEPT = 4_000_000
"""Cell energies of which the spectrum is made, at most: the first ones of the file."""
AXIS_STEP = 0.125
"""Cells to which the axis is rounded: a shower in the middle then is symmetric exactly."""
SLANTED = 1e-3
"""Spread of cotangents above which showers have angles of their own."""
FEWEST_BEYOND = 5
"""Hits above the highest known quantile, and below the lowest."""
LARGEST_DEVIATION = 4.5
RAREST, SUREST = 1e-5, 0.9999
"""Chance of a cell to be hit, at least and at most."""


@dataclass(frozen=True)
class Measured:
    """Of the training showers."""

    axis: Float
    """(2, 2, Z): along x and along y, the axis in cells is axis[:, 0] + axis[:, 1] cot(theta)."""
    spectrum: Float
    """(POINTS,) logarithms of cell energies in GeV that as many hits have less than as of a normal
    distribution lie below equally spaced points from -deviation to deviation."""
    deviation: float
    profile: Float
    """(Z, R, 2) at distances `RADII` from the axis: the logit of being hit, and the mean deviate of
    a hit's energy in the spectrum."""
    sampling_fraction: float
    """Deposited over primary energy."""
    hits_per_GeV: float
    """Of primary energy."""
    mean_energy_GeV: float
    """Of the primary particles."""


def measure_showers(path: Path) -> Measured:
    """Measure a prepared file of showers in two passes, a few at a time in memory."""
    hits: list[Float] = []
    centres, weight = [], []
    deposited = count = 0.0
    for cells, _, _ in _parts(path):
        if sum(map(len, hits)) < HITS_KEPT:
            hits.append(np.log(cells[cells > 0]))
        centres.append(_centres(cells))
        weight.append(cells.sum(axis=(1, 2)))
        deposited += float(cells.sum(dtype=np.float64))
        count += int((cells > 0).sum())
    with h5py.File(path, "r") as file:
        energy, theta = (file[name][:].astype(np.float64) for name in ("energy", "theta"))
    axis = _fit_axis(np.concatenate(centres), np.concatenate(weight), 1 / np.tan(theta))
    spectrum, deviation = normal_quantiles(np.concatenate(hits))
    return Measured(
        axis=axis,
        spectrum=spectrum,
        deviation=deviation,
        profile=_measure_profile(path, axis, spectrum, deviation),
        sampling_fraction=deposited / energy.sum(),
        hits_per_GeV=count / energy.sum(),
        mean_energy_GeV=energy.mean(),
    )


def _parts(path: Path) -> Iterator[tuple[Float, Float, Float]]:
    """Cells (n, X, Y, Z), energies (n,), angles (n,) of a file, part by part."""
    with h5py.File(path, "r") as file:
        for start in range(0, len(file["energy"]), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            yield file["ECAL"][rows], file["energy"][rows], file["theta"][rows]


def _measure_profile(path: Path, axis: Float, spectrum: Float, deviation: float) -> Float:
    """As `Measured.profile`."""
    layers = axis.shape[2]
    sums = np.zeros((3, layers, len(RADII)))
    for cells, _, theta in _parts(path):
        x, y, z = cells.shape[1:]
        for_each = 1 / np.tan(theta.astype(np.float64)) if axis[:, 1].any() else np.zeros(1)
        places = axis[None, :, 0] + axis[None, :, 1] * for_each[:, None, None]  # (n or 1, 2, Z)
        across, along = np.arange(x)[:, None, None], np.arange(y)[None, :, None]
        distance = np.hypot(across - places[:, 0, None, None], along - places[:, 1, None, None])
        nodes = radial_weights(distance)  # (n or 1, X, Y, Z, R)
        hit = cells > 0
        points = np.linspace(-deviation, deviation, len(spectrum))
        deviate = np.interp(np.log(np.where(hit, cells, 1.0)), spectrum, points) * hit
        if len(nodes) == 1:
            summed = (np.full((x, y, z), len(cells)), hit.sum(axis=0), deviate.sum(axis=0))
            sums += np.stack([np.einsum("xyz,xyzr->zr", v, nodes[0]) for v in summed])
        else:
            each = (np.ones_like(hit), hit, deviate)
            sums += np.stack([np.einsum("nxyz,nxyzr->zr", v, nodes) for v in each])
    cells_seen, hits, deviates = sums
    chance = np.clip((hits + FEWEST_BEYOND * RAREST) / (cells_seen + FEWEST_BEYOND), RAREST, SUREST)
    mean = deviates / (hits + FEWEST_BEYOND)
    return np.stack([np.log(chance / (1 - chance)), mean], axis=-1)


def radial_weights(distance: Float) -> Float:
    """Weights of the nodes `RADII` for a function that is linear between: (...) -> (..., R)."""
    nodes = np.array(RADII)
    clipped = np.minimum(distance, nodes[-1])
    return np.stack([np.interp(clipped, nodes, unit) for unit in np.eye(len(nodes))], axis=-1)


def _centres(cells: Float) -> Float:
    """Centres of energy of every layer along x and y in cells: (N, X, Y, Z) -> (N, 2, Z)."""
    total = np.maximum(cells.sum(axis=(1, 2)), 1e-12)
    x, y = (np.arange(size, dtype=np.float32) for size in cells.shape[1:3])
    along = (np.einsum("nxyz,x->nz", cells, x), np.einsum("nxyz,y->nz", cells, y))
    return np.stack([part / total for part in along], axis=1)


def _fit_axis(centres: Float, weight: Float, cot: Float) -> Float:
    """A straight line through the layers, weighted by energy: -> (2, 2, Z), as `Measured.axis`.

    Centres are fitted by offset + (entry + slope * layer) cot(theta); by the offset alone where
    all showers have one angle.

    Args:
        centres: (N, 2, Z) in cells, along x and y.
        weight: (N, Z) energies.
        cot: (N,) cotangents of the angle.
    """
    layers = np.arange(centres.shape[2], dtype=np.float64)
    tilt = np.broadcast_to(cot[:, None] * (np.ptp(cot) > SLANTED), weight.shape)
    design = np.stack([np.ones_like(tilt), tilt, tilt * layers], axis=-1)
    design = design * np.sqrt(weight)[..., None]
    axis = np.zeros((2, 2, len(layers)))
    for side in range(2):
        values = (centres[:, side] * np.sqrt(weight)).ravel()
        offset, entry, slope = np.linalg.lstsq(design.reshape(-1, 3), values, rcond=None)[0]
        axis[side, 0] = np.round(offset / AXIS_STEP) * AXIS_STEP
        axis[side, 1] = entry + slope * layers
    return axis


def normal_quantiles(log_energy: Float) -> tuple[Float, float]:
    """Quantiles (POINTS,) of the logarithms of hits' energies, at those of a normal distribution.

    They map a normal number to an energy that is spread as the training showers' hits are, with
    every edge and peak of the spectrum. Points reach from -deviation to deviation, within which
    all but a few hits lie.
    """
    beyond = FEWEST_BEYOND / len(log_energy)
    deviation = float(np.clip(norm.isf(beyond), 1.0, LARGEST_DEVIATION))
    points = np.linspace(-deviation, deviation, POINTS)
    quantiles = np.quantile(log_energy.astype(np.float64), norm.cdf(points))
    return quantiles + 1e-6 * np.arange(POINTS), deviation
