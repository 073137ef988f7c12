"""Defects to plant in true showers, to see whether a judge notices.

Each leaves what the mean shower shows as it was: energies, profiles and hits stay, or all but stay;
what is lost is how cells and layers of one shower belong together. Showers are (N, X, Y, Z) GeV.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]
Defect = Callable[[Cells, NDArray[np.floating], np.random.Generator], Cells]

SPREAD_SHAPE = 4.0
"""Shape of the gamma distribution that redraws a cell: relative spread 1 / 2."""
GROUP = 20
"""Showers of neighbouring primary energy among which cells are exchanged."""


def redrawn_cells(
    cells: Cells, primary_energy_GeV: NDArray[np.floating], random: np.random.Generator
) -> Cells:
    """Every hit cell drawn anew, gamma-distributed around its energy; layers keep their sums."""
    drawn = cells * random.gamma(SPREAD_SHAPE, 1 / SPREAD_SHAPE, cells.shape)
    return _with_sums(drawn, cells)


def independent_cells(
    cells: Cells, primary_energy_GeV: NDArray[np.floating], random: np.random.Generator
) -> Cells:
    """Every cell from the same cell of a shower of similar primary energy, each from another one.

    Cells of one shower then fluctuate independently around their means; layers keep their sums.
    """
    order = np.argsort(primary_energy_GeV)
    mixed = cells.copy()
    for group in np.array_split(order, max(1, len(order) // GROUP)):
        mixed[group] = random.permuted(cells[group], axis=0)
    return _with_sums(mixed, cells)


def exchanged_layers(
    cells: Cells, primary_energy_GeV: NDArray[np.floating], random: np.random.Generator
) -> Cells:
    """The layer with the most energy exchanged between two showers of similar primary energy."""
    order = np.argsort(primary_energy_GeV)
    pairs = order[: len(order) // 2 * 2].reshape(-1, 2)
    layer = _strongest_layer(cells)
    exchanged = cells.copy()
    exchanged[pairs, :, :, layer] = cells[pairs[:, ::-1], :, :, layer]
    return exchanged


def mirrored_layer(
    cells: Cells, primary_energy_GeV: NDArray[np.floating], random: np.random.Generator
) -> Cells:
    """The layer with the most energy mirrored along y, in which slanted showers lean."""
    layer = _strongest_layer(cells)
    mirrored = cells.copy()
    mirrored[:, :, :, layer] = cells[:, :, ::-1, layer]
    return mirrored


DEFECTS: dict[str, Defect] = {
    "every cell redrawn around its energy": redrawn_cells,
    "every cell from another shower": independent_cells,
    "one layer exchanged between two showers": exchanged_layers,
    "one layer mirrored": mirrored_layer,
}


def _strongest_layer(cells: Cells) -> int:
    return int(cells.sum(axis=(0, 1, 2)).argmax())


def _with_sums(cells: NDArray[np.floating], of: Cells) -> Cells:
    """Scaled so that every layer has the other one's energy, where it has any."""
    wanted, found = of.sum(axis=(1, 2)), cells.sum(axis=(1, 2))
    factor = np.divide(wanted, found, out=np.ones_like(found), where=found > 0)
    scaled: Cells = (cells * factor[:, None, None]).astype(np.float32)
    return scaled
