"""Classifiers aimed at one thing: boosted trees on a group of numbers at a time.

Where a network has too few showers to find out by itself what to look at, trees on the right
numbers see it, and say what is wrong. Every shower is asked about once, by trees that have not
seen it (cross-validation), so that all of them count.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from heitler.data.observables import Observables
from heitler.data.structure import PAIRS, PRODUCTS, quantity
from heitler.validation.features import layer_features
from heitler.validation.structure import WIDTHS, wander

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
