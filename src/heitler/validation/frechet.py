"""Distances between two clouds of features: Frechet and kernel physics distance.

Both as jetnet defines them [R. Kansal et al., arXiv:2211.10295; jetnet.evaluation.fpd, kpd], in
NumPy. Features are divided by their largest magnitude in the first (Geant4) sample. Samples are
drawn with replacement. jetnet's batch sizes are for 50,000 showers; here they are the same parts
of whatever there is, so name the number of showers with the result.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.stats import iqr

Float = NDArray[np.float64]

BATCHES = 20
POINTS = 10
SMALLEST_PART, LARGEST_PART = 0.4, 1.0
"""jetnet: 20,000 and 50,000 of 50,000."""
KERNEL_BATCHES = 10
KERNEL_PART = 0.1
"""jetnet: 5,000 of 50,000."""
KERNEL_DEGREE = 4
ONE_SIGMA_PERCENT = (16.275, 83.725)


def frechet_distance(a: Float, b: Float) -> float:
    """|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)) of two Gaussian fits: (N, F), (M, F).

    The trace of (A B)^(1/2) is that of the symmetric (A^(1/2) B A^(1/2))^(1/2).
    """
    cov_a, cov_b = (np.atleast_2d(np.cov(sample, rowvar=False)) for sample in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0)).sum()
    mean = a.mean(axis=0) - b.mean(axis=0)
    return float(mean @ mean + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap)


def frechet_physics_distance(
    truth: Float,
    generated: Float,
    smallest_batch: int | None = None,
    largest_batch: int | None = None,
    seed: int = 42,
) -> tuple[float, float]:
    """FPD and its error: the intercept of a straight line through the distance against 1 / N.

    Intercept and slope are not negative. Sizes N are evenly spaced in 1 / N; every point is the
    mean of 20 pairs of batches.
    """
    available = min(len(truth), len(generated))
    smallest = smallest_batch or int(SMALLEST_PART * available)
    largest = largest_batch or int(LARGEST_PART * available)
    truth, generated = _normalise(truth, generated)
    sizes = (1 / np.linspace(1 / smallest, 1 / largest, POINTS)).astype(int)
    random = np.random.default_rng(seed)
    distances = [
        np.mean([frechet_distance(*_draw(truth, generated, n, random)) for _ in range(BATCHES)])
        for n in sizes
    ]
    found, covariance = curve_fit(
        lambda x, intercept, slope: intercept + slope * x,
        1 / sizes,
        distances,
        bounds=([0, 0], [np.inf, np.inf]),
    )
    return float(found[0]), float(np.sqrt(covariance[0, 0]))


def kernel_physics_distance(
    truth: Float, generated: Float, batch: int | None = None, seed: int = 42
) -> tuple[float, float]:
    """KPD and its error: median and half the 68% interval of MMD^2 over 10 pairs of batches."""
    size = batch or max(int(KERNEL_PART * min(len(truth), len(generated))), 10)
    truth, generated = _normalise(truth, generated)
    values = [
        _squared_mmd(*_draw(truth, generated, size, np.random.default_rng(seed + 1000 * i)))
        for i in range(KERNEL_BATCHES)
    ]
    return float(np.median(values)), float(iqr(values, rng=ONE_SIGMA_PERCENT) / 2)


def _squared_mmd(a: Float, b: Float) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^4."""
    aa, bb, ab = (_kernel(*pair) for pair in ((a, a), (b, b), (a, b)))
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (aa, bb)]
    return float(sum(within) - 2 * ab.mean())


def _kernel(a: Float, b: Float) -> Float:
    return np.asarray((a @ b.T / a.shape[1] + 1) ** KERNEL_DEGREE)


def _normalise(truth: Float, generated: Float) -> tuple[Float, Float]:
    largest = np.abs(truth).max(axis=0)
    largest[largest == 0] = 1
    return truth / largest, generated / largest


def _draw(
    truth: Float, generated: Float, size: int, random: np.random.Generator
) -> tuple[Float, Float]:
    rows = random.choice(len(truth), size=size)
    return truth[rows], generated[random.choice(len(generated), size=size)]
