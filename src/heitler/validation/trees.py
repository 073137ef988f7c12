"""Classifiers aimed at one thing: boosted trees on a group of numbers at a time.

Where a network has too few showers to find out by itself what to look at, trees on the right
numbers see it, and say what is wrong. Every shower is asked about once, by trees that have not
seen it (cross-validation), so that all of them count.

Showers as rows of numbers, for the metrics that look at many numbers at once.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from heitler.data.observables import Observables
from heitler.data.structure import PAIRS, PRODUCTS, quantity
from heitler.validation.profiles import shower_moments
from heitler.validation.structure import WIDTHS, hits, wander

Float = NDArray[np.float64]

FOLDS = 5
ROUNDS = 100
LEAVES = 8
"""Small trees: as sure for few showers, and several times as fast as the default, 31."""
EMPTY = -100.0
"""Stands for what a layer without energy has not; below all that there is."""

GROUPS: dict[str, str] = {
    "trees": "trees on high-level features",
    "spectrum": "trees on energies of cells",
    "pairs": "trees on pairs of neighbouring hits",
    "products": "trees on products of neighbouring cells",
    "wander": "trees on centres of layers",
    "widths": "trees on widths of layers",
    "largest": "trees on largest cells of layers",
}
"""What the trees see, by the name of the score-card line."""
SMALLEST = 1e-9
"""Part of the primary energy that stands for nothing in a logarithm."""
FAINTEST_GEV = 1e-9
"""Stands for an empty layer in a logarithm."""
OF_LAYERS = (
    "hits", "strong_hits", "centre_x", "centre_y", "width_x", "width_y", "radius", "radial_width",
)  # fmt: skip
"""High-level features of every layer besides its energy."""


def tree_features(sample: Observables, group: str) -> Float:
    """The numbers of a group and log10 of the primary energy: (N, F); `EMPTY` where none."""
    columns: list[Float]
    match group:
        case "trees":
            columns = [layer_features(sample)]
        case "spectrum":
            hits = sample.cell_spectrum.sum(axis=1, keepdims=True)
            columns = [sample.cell_spectrum / np.maximum(hits, 1)]
        case "pairs":
            columns = [*_pairs_of_all(sample), *_of_layers(sample, "pairs_", tuple(PAIRS))]
        case "products":
            columns = _of_layers(sample, "product_", PRODUCTS)
        case "wander":
            columns = [
                wander(sample).reshape(len(sample), -1),
                *_of_layers(sample, "centre_", ("x", "y")),
            ]
        case "widths":
            columns = _of_layers(sample, "", WIDTHS)
        case "largest":
            columns = _of_layers(sample, "", ("largest_share",))
        case _:
            raise ValueError(f"No group {group!r} of numbers. Give one of {', '.join(GROUPS)}.")
    energy = np.log10(sample.primary_energy_GeV)
    return np.nan_to_num(np.column_stack([*columns, energy]).astype(np.float64), nan=EMPTY)


def trees_auc(generated: Float, truth: Float, seed: int) -> tuple[float, float]:
    """AUC over the folds and its error: (N, F), (M, F)."""
    features = np.concatenate([generated, truth])
    labels = np.repeat([1, 0], [len(generated), len(truth)])
    trees = HistGradientBoostingClassifier(
        max_iter=ROUNDS, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    found = cross_val_score(trees, features, labels, cv=folds, scoring="roc_auc")
    return float(found.mean()), float(found.std() / np.sqrt(FOLDS))


def _of_layers(sample: Observables, kind: str, names: tuple[str, ...]) -> list[Float]:
    return [quantity(sample.structure, f"{kind}{name}").astype(np.float64) for name in names]


def _pairs_of_all(sample: Observables) -> list[Float]:
    """Pairs of the whole shower per hit of it, of every kind: (N,) each."""
    hits = quantity(sample.structure, "hits").astype(np.float64)
    total = np.maximum(hits.sum(axis=1), 1)
    return [
        np.nansum(quantity(sample.structure, f"pairs_{name}") * hits, axis=1) / total
        for name in PAIRS
    ]


def high_level_features(sample: Observables, hit_threshold_GeV: float) -> Float:
    """What a physicist would look at: (N, F), no unit, finite also for empty showers.

    Sampling fraction; layer and ring energies over the primary energy; along each axis centre of
    gravity and width in cells; number of hits over 1,000.
    """
    moments = shower_moments(sample)  # (N, 3, 4)
    columns = [
        sample.sampling_fraction[:, None],
        sample.longitudinal,
        sample.radial,
        moments[:, :, 0],
        np.sqrt(np.abs(moments[:, :, 1])),
        hits(sample, hit_threshold_GeV)[:, None] / 1e3,
    ]
    return np.asarray(np.nan_to_num(np.concatenate(columns, axis=1)), np.float64)


def layer_features(sample: Observables) -> Float:
    """High-level features of every layer, as CaloChallenge's classifiers see them: (N, F).

    log10 of the layers' energies in GeV; centres and widths in cells; hits above two thresholds;
    log10 of the total. Centres and widths of empty layers are 0.
    """
    energies = sample.longitudinal * sample.primary_energy_GeV[:, None]
    columns = [
        np.log10(np.maximum(energies, FAINTEST_GEV)),
        *(np.nan_to_num(quantity(sample.structure, name)) for name in OF_LAYERS),
        np.log10(np.maximum(sample.ecal_sum_GeV, FAINTEST_GEV))[:, None],
    ]
    return np.asarray(np.concatenate(columns, axis=1), np.float64)


def with_energy(features: Float, sample: Observables) -> Float:
    """The features and the logarithm of the primary energy: (N, F) -> (N, F + 1)."""
    return np.column_stack([features, np.log(sample.primary_energy_GeV)])


def low_level_features(sample: Observables) -> Float:
    """Logarithms of coarse cells over the primary energy, and its own: (N, K + 1)."""
    return with_energy(np.log(np.maximum(sample.coarse_cells, SMALLEST)), sample)
