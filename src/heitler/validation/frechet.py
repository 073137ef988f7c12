"""Distances between two clouds of features: Frechet and kernel physics distance.

Both as jetnet defines them [R. Kansal et al., arXiv:2211.10295; jetnet.evaluation.fpd, kpd], in
NumPy. Features are divided by their largest magnitude in the first (Geant4) sample. Batches have
fixed sizes, those of CaloChallenge [arXiv:2410.21611], and are drawn with replacement, however few
showers there are: of few, the extrapolation to infinitely many leaves what they lack in, so name
the number of showers with the result. A drawn batch is kept as how often each shower is in it,
which gives the same sums and costs as little as the showers are few.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.stats import iqr

Float = NDArray[np.float64]

Counts = NDArray[np.int64]

BATCHES = 20
POINTS = 10
SMALLEST_BATCH, LARGEST_BATCH = 10_000, 50_000
KERNEL_BATCHES = 10
KERNEL_BATCH = 10_000
KERNEL_DEGREE = 4
ROWS_AT_ONCE = 1000
ONE_SIGMA_PERCENT = (16.275, 83.725)


def frechet_distance(a: Float, b: Float) -> float:
    """|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)) of two Gaussian fits: (N, F), (M, F).

    The trace of (A B)^(1/2) is that of the symmetric (A^(1/2) B A^(1/2))^(1/2).
    """
    return _distance(a, np.ones(len(a), np.int64), b, np.ones(len(b), np.int64))


def frechet_physics_distance(
    truth: Float,
    generated: Float,
    smallest_batch: int = SMALLEST_BATCH,
    largest_batch: int = LARGEST_BATCH,
    seed: int = 42,
) -> tuple[float, float]:
    """FPD and its error: the intercept of a straight line through the distance against 1 / N.

    Intercept and slope are not negative. Sizes N are evenly spaced in 1 / N; every point is the
    mean of 20 pairs of batches.
    """
    truth, generated = _normalise(truth, generated)
    sizes = (1 / np.linspace(1 / smallest_batch, 1 / largest_batch, POINTS)).astype(int)
    random = np.random.default_rng(seed)

    def between_batches(size: int) -> float:
        drawn, others = (_draw(len(sample), size, random) for sample in (truth, generated))
        return _distance(truth, drawn, generated, others)

    distances = [np.mean([between_batches(size) for _ in range(BATCHES)]) for size in sizes]
    found, covariance = curve_fit(
        lambda x, intercept, slope: intercept + slope * x,
        1 / sizes,
        distances,
        bounds=([0, 0], [np.inf, np.inf]),
    )
    return float(found[0]), float(np.sqrt(covariance[0, 0]))


def kernel_physics_distance(
    truth: Float, generated: Float, batch: int = KERNEL_BATCH, seed: int = 42
) -> tuple[float, float]:
    """KPD and its error: median and half the 68% interval of MMD^2 over 10 pairs of batches.

    MMD^2 is the unbiased squared maximum mean discrepancy with the kernel (x.y / F + 1)^4.
    """
    truth, generated = _normalise(truth, generated)
    streams = [np.random.default_rng(seed + 1000 * i) for i in range(KERNEL_BATCHES)]
    drawn = [[_draw(len(sample), batch, r) for sample in (truth, generated)] for r in streams]
    of_truth, of_generated = (np.array(counts, float) for counts in zip(*drawn, strict=True))
    within = sum(
        _kernel_sums(sample, counts, sample, counts) - counts @ _kernel_diagonal(sample)
        for sample, counts in ((truth, of_truth), (generated, of_generated))
    )
    between = _kernel_sums(truth, of_truth, generated, of_generated)
    values = within / (batch * (batch - 1)) - 2 * between / batch**2
    return float(np.median(values)), float(iqr(values, rng=ONE_SIGMA_PERCENT) / 2)


def _distance(a: Float, counts_a: Counts, b: Float, counts_b: Counts) -> float:
    """Frechet distance of samples in which every row is there so many times."""
    mean_a, mean_b = (np.average(x, axis=0, weights=c) for x, c in ((a, counts_a), (b, counts_b)))
    cov_a, cov_b = (
        np.atleast_2d(np.cov(x, rowvar=False, fweights=c))
        for x, c in ((a, counts_a), (b, counts_b))
    )
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0)).sum()
    shift = mean_a - mean_b
    return float(shift @ shift + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap)


def _kernel_sums(a: Float, counts_a: Float, b: Float, counts_b: Float) -> Float:
    """Sum of the kernel over all pairs of every batch: (N, F), (K, N), (M, F), (K, M) -> (K,)."""
    sums = np.zeros(len(counts_a))
    for first in range(0, len(a), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        kernel = (a[rows] @ b.T / a.shape[1] + 1) ** KERNEL_DEGREE
        sums += (counts_a[:, rows] * (counts_b @ kernel.T)).sum(axis=1)
    return sums


def _kernel_diagonal(a: Float) -> Float:
    return np.asarray(((a**2).sum(axis=1) / a.shape[1] + 1) ** KERNEL_DEGREE)


def _normalise(truth: Float, generated: Float) -> tuple[Float, Float]:
    largest = np.abs(truth).max(axis=0)
    largest[largest == 0] = 1
    return truth / largest, generated / largest


def _draw(showers: int, size: int, random: np.random.Generator) -> Counts:
    """How often each shower is in a batch drawn with replacement: (N,)."""
    return np.bincount(random.choice(showers, size=size), minlength=showers)
