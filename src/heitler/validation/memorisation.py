"""Does the generator repeat its training showers?

For every generated shower, the distance to its nearest neighbour among showers that the generator
was trained on, and among as many that it never saw. The ratio of the medians is about 1 for a
generator that draws new showers, and 0 for one that hands out its training set [a number for the
nearest neighbours that CaloGAN shows, arXiv:1712.10321]. Distances are Euclidean between the
square roots of coarse cells over the primary energy, so that a few large cells do not decide.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances

from heitler.data.observables import Observables

Float = NDArray[np.float64]


def nearest_neighbour_ratio(
    generated: Observables, seen: Observables, unseen: Observables, seed: int = 0
) -> tuple[float, float]:
    """Median distance to `seen` over median distance to `unseen`, with bootstrap error.

    Both samples are cut to the smaller one's size. Unseen showers of exactly the generated
    shower's primary energy do not count: where the showers are paired, its partner would be
    nearer than chance. NaN if one of the samples is empty.
    """
    size = min(len(seen), len(unseen))
    if not size or not len(generated):
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    chosen = [sample[random.permutation(len(sample))[:size]] for sample in (seen, unseen)]
    near_seen = _distances(generated, chosen[0]).min(axis=1)
    to_unseen = _distances(generated, chosen[1])
    partners = generated.primary_energy_GeV[:, None] == chosen[1].primary_energy_GeV
    near_unseen = np.where(partners, np.inf, to_unseen).min(axis=1)
    draws = random.integers(len(generated), size=(100, len(generated)))
    ratios = np.median(near_seen[draws], axis=1) / np.median(near_unseen[draws], axis=1)
    return float(np.median(near_seen) / np.median(near_unseen)), float(ratios.std())


def _distances(a: Observables, b: Observables) -> Float:
    """(N, M), between square roots of coarse cells."""
    roots = [np.sqrt(np.maximum(sample.coarse_cells, 0)).astype(np.float64) for sample in (a, b)]
    return np.asarray(pairwise_distances(*roots))
