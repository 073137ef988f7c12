"""Does the generator repeat its training showers?

With d(A, B) the median distance from the showers of A to their nearest neighbours in B,

    d(generated, seen) / d(unseen, seen)  over  d(generated, unseen) / d(unseen, unseen)

is about 1 for a generator that draws new showers, good or bad, and 0 for one that hands out its
training set [a number for the nearest neighbours that CaloGAN shows, arXiv:1712.10321]. The
second fraction takes out that generated showers may lie nearer to all real ones, or farther. A
median does not see that a minority is copied: so what lies far nearer to a training shower than
unseen showers do is counted. Distances are Euclidean between the square roots of coarse cells over
the primary energy, so that a few large cells do not decide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances

from heitler.data.observables import Observables

Float = NDArray[np.float64]


REPLICAS = 100
COPY_DISTANCE = 0.1
"""Share of the median distance of unseen to training showers: what lies nearer is a copy."""


@dataclass(frozen=True)
class Memorisation:
    """What says whether training showers are repeated; NaN where it cannot be known."""

    ratio: float = float("nan")
    ratio_error: float = float("nan")
    """Bootstrap."""
    copied: float = float("nan")
    """Part of the generated showers that are copies."""
    copied_error: float = float("nan")
    """Binomial."""


def memorisation(
    generated: Observables, seen: Observables, unseen: Observables, seed: int = 0
) -> Memorisation:
    """The double ratio and the part of copies.

    Args:
        generated: showers to judge.
        seen: what the generator was trained on.
        unseen: other showers of the same kind. Those of exactly the shower's primary energy are
            no neighbours: itself, or the partner of a pair, would be nearer than chance.
        seed: of the bootstrap.
    """
    if len(unseen) < 2 or not len(seen):
        return Memorisation()
    made = np.stack([_nearest(generated, seen), _nearest(generated, unseen, partners=False)])
    real = np.stack([_nearest(unseen, seen), _nearest(unseen, unseen, partners=False)])
    random = np.random.default_rng(seed)
    replicas = [
        _double_ratio(_redraw(made, random), _redraw(real, random)) for _ in range(REPLICAS)
    ]
    copied = float(np.mean(made[0] < COPY_DISTANCE * np.median(real[0])))
    copied_error = float(np.sqrt(copied * (1 - copied) / len(generated)))
    return Memorisation(_double_ratio(made, real), float(np.std(replicas)), copied, copied_error)


def _double_ratio(made: Float, real: Float) -> float:
    """Ratio of distances, to seen over unseen: (2, N), (2, M); NaN without real neighbours."""
    expected = np.median(real, axis=1)
    if not np.isfinite(expected).all():  # showers of one primary energy are no neighbours
        return float("nan")
    to_seen, to_unseen = np.median(made, axis=1) / expected
    return float(to_seen / to_unseen)


def _nearest(a: Observables, b: Observables, *, partners: bool = True) -> Float:
    """Distance from every shower of A to the nearest in B: (N,)."""
    roots = [np.sqrt(np.maximum(sample.coarse_cells, 0)).astype(np.float64) for sample in (a, b)]
    distances = np.asarray(pairwise_distances(*roots))
    if not partners:
        distances[a.primary_energy_GeV[:, None] == b.primary_energy_GeV] = np.inf
    return np.asarray(distances.min(axis=1))


def _redraw(distances: Float, random: np.random.Generator) -> Float:
    return distances[:, random.integers(distances.shape[1], size=distances.shape[1])]
