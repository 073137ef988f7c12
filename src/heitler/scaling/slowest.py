"""How much longer than the mean the slowest of N workers takes.

A cycle ends when its slowest worker is done. Compute times are described by a lognormal
distribution: positive, skewed to long times, two parameters. The measured times themselves
(a bootstrap) could not do: tens of cycles say nothing about the slowest of 256.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Samples = float | Float

_DEVIATIONS = np.linspace(-9.0, 9.0, 3601)
_DENSITY = np.exp(-(_DEVIATIONS**2) / 2) / math.sqrt(2 * math.pi)
_CUMULATED = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in _DEVIATIONS])


def log_spread(seconds: Float) -> float:
    """Standard deviation of the logarithm of times; (n,) s, or (groups, n) s about group means.

    With several groups (repeats) a drift between them, common to all workers, does not count.
    """
    logs = np.log(np.atleast_2d(seconds))
    degrees = logs.size - len(logs)
    if degrees < 1:
        return 0.0
    return float(np.sqrt(((logs - logs.mean(axis=1, keepdims=True)) ** 2).sum() / degrees))


def slowest_over_mean(workers: int, spread: Samples) -> Samples:
    """Expected largest of `workers` lognormal times over their mean; 1 for one worker.

    Integral over the density of the largest of N standard normal deviations,
    N phi(x) Phi(x)^(N-1), of exp(spread x - spread^2 / 2).

    Args:
        workers: N.
        spread: standard deviation of the logarithm of the times; (S,) or a number.
    """
    if workers == 1:
        return np.ones_like(spread) if isinstance(spread, np.ndarray) else 1.0
    spreads = np.atleast_1d(np.asarray(spread, np.float64))
    times = np.exp(np.multiply.outer(spreads, _DEVIATIONS) - spreads[:, None] ** 2 / 2)
    expected = times @ _weights(workers)
    return expected if isinstance(spread, np.ndarray) else float(expected[0])


def spread_from_waiting(waiting: float, workers: int) -> float:
    """The spread with which N workers wait `waiting` of their compute time for the slowest.

    The inverse of `slowest_over_mean` less 1, which rises with the spread; by bisection.
    """
    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if float(np.mean(slowest_over_mean(workers, middle))) - 1 < waiting:
            low = middle
        else:
            high = middle
    return low


@lru_cache(maxsize=64)
def _weights(workers: int) -> Float:
    weights = workers * _DENSITY * _CUMULATED ** (workers - 1)
    return np.asarray(weights / weights.sum())
