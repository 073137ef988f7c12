"""Precision, recall, density, coverage: do the samples lie in the same places?

With a ball around every shower that reaches to its k-th nearest neighbour of the same sample,
over N generated and M true showers:

    precision: part of the generated ones in the ball of any true one
    recall:    part of the true ones in the ball of any generated one
    density:   1 / (k N) times the number of pairs (generated in the ball of a true one)
    coverage:  part of the true ones whose ball holds any generated one

[T. Kynkaanniemi et al., arXiv:1904.06991; M. F. Naeem et al., arXiv:2002.09797; k = 5 as
CaloChallenge, arXiv:2410.21611]. Features are scaled to Geant4's mean and standard deviation.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

Float = NDArray[np.float64]

NEIGHBOURS = 5
NAMES = ("precision", "recall", "density", "coverage")


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
