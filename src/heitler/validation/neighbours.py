"""Where samples lie to each other: precision and recall, copies of training showers.

Does the generator repeat its training showers?

With d(A, B) the median distance from the showers of A to their nearest neighbours in B,

    d(generated, seen) / d(unseen, seen)  over  d(generated, unseen) / d(unseen, unseen)

is about 1 for a generator that draws new showers, good or bad, and 0 for one that hands out its
training set [a number for the nearest neighbours that CaloGAN shows, arXiv:1712.10321]. The
second fraction takes out that generated showers may lie nearer to all real ones, or farther. A
median does not see that a minority is copied: so what lies far nearer to a training shower than
unseen showers do is counted. Distances are Euclidean between the square roots of coarse cells over
the primary energy, so that a few large cells do not decide.

Precision, recall, density, coverage: do the samples lie in the same places?

With a ball around every shower that reaches to its k-th nearest neighbour of the same sample,
over N generated and M true showers:

    precision: part of the generated ones in the ball of any true one
    recall:    part of the true ones in the ball of any generated one
    density:   1 / (k N) times the number of pairs (generated in the ball of a true one)
    coverage:  part of the true ones whose ball holds any generated one

[T. Kynkaanniemi et al., arXiv:1904.06991; M. F. Naeem et al., arXiv:2002.09797; k = 5 as
CaloChallenge, arXiv:2410.21611]. Features are scaled to Geant4's mean and standard deviation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances, pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from heitler.data.observables import Observables

Float = NDArray[np.float64]


REPLICAS = 100
COPY_DISTANCE = 0.1
"""Share of the median distance of unseen to training showers: what lies nearer is a copy."""
NEIGHBOURS = 5
NAMES = ("precision", "recall", "density", "coverage")


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


def prdc(generated: Float, truth: Float, k: int = NEIGHBOURS) -> dict[str, float]:
    """The four numbers by name: (N, F), (M, F); NaN where a sample has no k + 1 showers."""
    if min(len(generated), len(truth)) <= k:
        return dict.fromkeys(NAMES, float("nan"))
    scale = truth.std(axis=0)
    kept = scale > 0
    made, mc = (
        (rows[:, kept] - truth.mean(axis=0)[kept]) / scale[kept] for rows in (generated, truth)
    )
    radius_made, radius_mc = (_radius(sample, k) for sample in (made, mc))
    precise = np.zeros(len(made), bool)
    recalled, covered, pairs, first = [], [], 0, 0
    for distances in pairwise_distances_chunked(mc, made):  # (rows of mc, N)
        inside = distances < radius_mc[first : first + len(distances), None]
        precise |= inside.any(axis=0)
        covered.append(inside.any(axis=1))
        recalled.append((distances < radius_made).any(axis=1))
        pairs += int(inside.sum())
        first += len(distances)
    return {
        "precision": float(precise.mean()),
        "recall": float(np.concatenate(recalled).mean()),
        "density": pairs / (k * len(made)),
        "coverage": float(np.concatenate(covered).mean()),
    }


def prdc_errors(found: dict[str, float], generated: int, truth: int) -> dict[str, float]:
    """Binomial errors of the parts; of the density that of so many pairs (Poisson)."""
    errors = {}
    for name, value in found.items():
        size = generated if name in ("precision", "density") else truth
        variance = max(value, 0) / NEIGHBOURS if name == "density" else value * (1 - value)
        errors[name] = float(np.sqrt(variance / size))
    return errors


def _radius(sample: Float, k: int) -> Float:
    """Distance to the k-th nearest other one: (N,)."""
    distances, _ = NearestNeighbors(n_neighbors=k + 1).fit(sample).kneighbors(sample)
    return np.asarray(distances[:, k])
