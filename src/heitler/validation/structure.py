"""Is every layer right in itself, and beside the next?

In every layer, the mean of a quantity over the showers that have energy there is compared with
Geant4's [quantities: heitler.data.structure]. Lines of the score card add the differences up over
the layers and divide by the sum of Geant4's means: the worst layer, or one in which Geant4 has next
to nothing, would be that with the fewest hits.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables
from heitler.data.structure import quantity
from heitler.validation.correlation import significant_layers

Float = NDArray[np.float64]

WIDTHS = ("width_x", "width_y", "radial_width")
PRODUCTS_WITHIN = ("product_x", "product_y")
PRODUCTS_BETWEEN = ("product_z",)
PAIRS_WITHIN = ("pairs_x", "pairs_y", "pairs_xy")
PAIRS_BETWEEN = ("pairs_z", "pairs_xz", "pairs_yz")
LARGEST = ("largest_share",)


def layers_off(generated: Observables, truth: Observables, names: tuple[str, ...]) -> float:
    """Sum over layers of |<q> - <q>_Geant4|, over that of <q>_Geant4, mean over quantities.

    Layers count that have more than 1% of the mean profile's maximum, and quantities that
    either sample has: a detector of one column has no widths along x. NaN where neither has any.
    """
    kept = significant_layers(truth)
    deviations = np.array(
        [
            _difference(*(_mean(quantity(s.structure, name))[kept] for s in (generated, truth)))
            for name in names
        ]
    )
    known = ~np.isnan(deviations)
    return float(deviations[known].mean()) if known.any() else float("nan")


def wander(sample: Observables) -> Float:
    """How far the centre moves to the next layer: (N, Z - 1, 2) cells along x and y."""
    centres = [quantity(sample.structure, f"centre_{axis}") for axis in "xy"]
    return np.stack([np.diff(centre, axis=1) for centre in centres], axis=2).astype(np.float64)


def wander_off(generated: Observables, truth: Observables) -> float:
    """Sum over layers of |w - w_Geant4|, over that of w_Geant4.

    w is the root of the mean squared step of the centre.
    """
    kept = significant_layers(truth)
    both = kept[1:] & kept[:-1]
    made, mc = (
        np.sqrt(_mean((wander(sample) ** 2).sum(axis=2))[both]) for sample in (generated, truth)
    )
    return _difference(made, mc)


def _mean(values: NDArray[np.floating]) -> Float:
    """Over the showers with energy there: (N, Z) -> (Z,); NaN without any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmean(values, axis=0, dtype=np.float64))


def _difference(made: Float, mc: Float) -> float:
    """NaN where neither has anything, or where no generated shower has energy anywhere."""
    known = np.isfinite(mc)
    if np.isfinite(made).any():
        made = np.nan_to_num(made)  # a dead layer is as wrong as can be
    total, off = mc[known].sum(), np.abs(made - mc)[known].sum()
    if total == 0:
        return float("inf") if off > 0 else float("nan")
    return float(off / total)
