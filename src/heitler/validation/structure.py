"""Is every layer right in itself, and beside the next?

In every layer, the mean of a quantity over the showers that have energy there is compared with
Geant4's [quantities: heitler.data.structure]. Lines of the score card add the differences up over
the layers and divide by the sum of Geant4's means: the worst layer, or one in which Geant4 has next
to nothing, would be that with the fewest hits.

Do layers fluctuate together as in Geant4? An early shower is weak at the back.

Single cells: how their energies are distributed, and how many are hit.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import CELL_EDGES_GEV, Observables
from heitler.data.structure import quantity
from heitler.validation.profiles import SIGNIFICANT
from heitler.validation.separation import separation_power

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


def layer_correlation(sample: Observables) -> Float:
    """Pearson's r of the layers' energies over the primary energy: (Z, Z), -1 to 1.

    NaN where a layer never changes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.atleast_2d(np.corrcoef(sample.longitudinal, rowvar=False))


def significant_layers(truth: Observables) -> NDArray[np.bool_]:
    """Layers with more than 1% of the mean profile's maximum: (Z,)."""
    profile = truth.longitudinal.mean(axis=0)
    return np.asarray(profile > SIGNIFICANT * profile.max())


def correlation_difference(generated: Observables, truth: Observables) -> float:
    """Largest |r_generated - r_Geant4| over pairs of significant layers, 0 to 2.

    A generated layer that never changes correlates with nothing: r = 0. NaN where fewer than two
    of Geant4's layers change.
    """
    kept = significant_layers(truth) & (truth.longitudinal.std(axis=0) > 0)
    if kept.sum() < 2:
        return float("nan")
    made, mc = (layer_correlation(sample)[np.ix_(kept, kept)] for sample in (generated, truth))
    return float(np.abs(np.nan_to_num(made) - mc).max())


def hits(sample: Observables, threshold_GeV: float) -> Float:
    """Cells above the threshold in every shower: (N,).

    Counted in the cell spectrum, from its first edge that is not below the threshold (eight
    edges per decade; 1, 0.1, 0.01 MeV are edges).
    """
    first = int(np.searchsorted(CELL_EDGES_GEV, threshold_GeV * (1 - 1e-9)))
    return np.asarray(sample.cell_spectrum[:, first:].sum(axis=1), np.float64)


def hits_ratio(generated: Observables, truth: Observables, threshold_GeV: float) -> float:
    """<hits>_generated / <hits>_Geant4, no unit."""
    expected = hits(truth, threshold_GeV).mean()
    return float(hits(generated, threshold_GeV).mean() / expected) if expected else float("nan")


def sparsity(sample: Observables, threshold_GeV: float) -> float:
    """Part of all cells that are not hit, 1 - <hits> / cells: 0 to 1."""
    return float(1 - hits(sample, threshold_GeV).mean() / sample.image_GeV.size)


def sparsity_difference(generated: Observables, truth: Observables, threshold_GeV: float) -> float:
    """Generated minus Geant4, no unit."""
    return sparsity(generated, threshold_GeV) - sparsity(truth, threshold_GeV)


def separation_cells(generated: Observables, truth: Observables) -> float:
    """S of the energies of all cells with energy, in eight logarithmic bins per decade."""
    p, q = (sample.cell_spectrum.sum(axis=0, dtype=np.float64) for sample in (generated, truth))
    return separation_power(p, q)
