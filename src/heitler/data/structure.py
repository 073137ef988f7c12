"""What every layer of a shower looks like, in itself and beside the next: what convolutions see.

Per shower and layer, with e_c the energy of a cell, e = sum e_c that of the layer, n its cells
with energy, x and y in cells from the image's middle:

| quantity                 | formula                                                            |
|--------------------------|--------------------------------------------------------------------|
| hits, strong_hits        | n; cells above 0.1 MeV                                             |
| centre_x, centre_y       | sum e_c x / e                                                      |
| width_x, width_y         | root of sum e_c x^2 / e - centre_x^2                               |
| radius, radial_width     | the same of the distance from the middle                           |
| largest_share            | max e_c / e                                                        |
| product_x, product_y     | sum over neighbours along x (y) of e_c e_c' / e^2                  |
| product_z                | sum of e_c e_c' / (e e'), c' the same cell of the next layer       |
| pairs_x, pairs_y         | pairs of neighbours that are both hit, / n                         |
| pairs_xy                 | the same over the corner                                           |
| pairs_z                  | the same with the next layer                                       |
| pairs_xz, pairs_yz       | with the next layer, one cell aside                                |

NaN where the layer (or the next one, where it takes part) has no energy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Step = tuple[int, int, int]

STRONG_HIT_GEV = 1e-4
PAIRS: dict[str, tuple[Step, ...]] = {
    "x": ((1, 0, 0),),
    "y": ((0, 1, 0),),
    "xy": ((1, 1, 0), (1, -1, 0)),
    "z": ((0, 0, 1),),
    "xz": ((1, 0, 1), (-1, 0, 1)),
    "yz": ((0, 1, 1), (0, -1, 1)),
}
"""Steps from a cell to the neighbours that it is paired with."""
PRODUCTS = ("x", "y", "z")
QUANTITIES = (
    "hits",
    "strong_hits",
    "centre_x",
    "centre_y",
    "width_x",
    "width_y",
    "radius",
    "radial_width",
    "largest_share",
    *(f"product_{name}" for name in PRODUCTS),
    *(f"pairs_{name}" for name in PAIRS),
)


def layer_structure(cells_GeV: NDArray[np.float32]) -> NDArray[np.float32]:
    """All `QUANTITIES` of every layer: (N, X, Y, Z) GeV -> (N, Q, Z)."""
    hits = _find_hits(cells_GeV)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _single_layers(hits, cells_GeV) | _neighbours(hits)
    return np.stack([found[name] for name in QUANTITIES], axis=1).astype(np.float32)


def quantity(structure: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """One of `QUANTITIES`: (N, Q, Z) -> (N, Z)."""
    return structure[:, QUANTITIES.index(name)]


@dataclass(frozen=True)
class _Hits:
    """Cells with energy; few of all, so that sums over them are fast."""

    energy: Float
    """(H,) GeV"""
    layer: NDArray[np.int64]
    """(H,) shower * Z + z"""
    place: tuple[Float, Float]
    """(H,) each: x, y in cells from the middle"""
    padded: NDArray[np.float32]
    """(N, X + 2, Y + 2, Z + 1), so that every hit has neighbours"""
    index: NDArray[np.int64]
    """(H,) of the hits in it, flat"""

    def per_layer(self, values: Float) -> Float:
        """Sum over each layer: (H,) -> (N, Z)."""
        showers, layers = len(self.padded), self.padded.shape[3] - 1
        sums = np.bincount(self.layer, values, minlength=showers * layers)
        return sums.astype(np.float64).reshape(showers, layers)

    def neighbour(self, step: Step) -> NDArray[np.float32]:
        """Energy of the cell that many steps away: (H,) GeV."""
        _, x, y, z = (stride // self.padded.itemsize for stride in self.padded.strides)
        return self.padded.reshape(-1)[self.index + step[0] * x + step[1] * y + step[2] * z]


def _find_hits(cells: NDArray[np.float32]) -> _Hits:
    padded = np.pad(cells, ((0, 0), (1, 1), (1, 1), (0, 1)))
    index = np.flatnonzero(padded > 0)
    shower, x, y, z = np.unravel_index(index, padded.shape)
    middle = [1 + (size - 1) / 2 for size in cells.shape[1:3]]
    return _Hits(
        energy=padded.reshape(-1)[index].astype(np.float64),
        layer=shower * cells.shape[3] + z,
        place=(x - middle[0], y - middle[1]),
        padded=padded,
        index=index,
    )


def _single_layers(hits: _Hits, cells: NDArray[np.float32]) -> dict[str, Float]:
    energy = hits.energy
    total = hits.per_layer(energy)
    found = {
        "hits": hits.per_layer(np.ones_like(energy)),
        "strong_hits": hits.per_layer((energy > STRONG_HIT_GEV).astype(np.float64)),
        "largest_share": cells.max(axis=(1, 2)) / total,
    }
    distances = (*hits.place, np.hypot(*hits.place))
    names = (("centre_x", "width_x"), ("centre_y", "width_y"), ("radius", "radial_width"))
    for (centre, width), distance in zip(names, distances, strict=True):
        mean = hits.per_layer(energy * distance) / total
        variance = hits.per_layer(energy * distance**2) / total - mean**2
        found |= {centre: mean, width: np.sqrt(np.maximum(variance, 0))}
    return found


def _neighbours(hits: _Hits) -> dict[str, Float]:
    total, count = hits.per_layer(hits.energy), hits.per_layer(np.ones_like(hits.energy))
    following = np.pad(total[:, 1:], ((0, 0), (0, 1)))  # energy of the next layer: (N, Z)
    found = {}
    for name, steps in PAIRS.items():
        beside = np.stack([hits.neighbour(step) for step in steps])
        pairs = (beside > 0).sum(axis=0).astype(np.float64)
        partner = following if steps[0][2] else total
        found[f"pairs_{name}"] = np.where(partner > 0, hits.per_layer(pairs) / count, np.nan)
        if name in PRODUCTS:
            products = hits.per_layer(hits.energy * beside[0])
            found[f"product_{name}"] = products / (total * partner)
    return found
