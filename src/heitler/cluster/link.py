"""Latency and bandwidth between workers, from timed all-reduces."""

import time

import numpy as np
import tensorflow as tf

from heitler.cluster.world import gather_arrays, sum_over_workers, wait_for_all

SMALL_B, GRADIENTS_B, LARGE_B = 4, 3_784_840, 4 * 2**20
"""One number; the gradients of both 3DGAN networks (946,210 trainable numbers); 4 MiB."""
WARM_UP, REPEATS, LONGEST_S = 3, 30, 4.0


def measure_link(size: int) -> dict[str, float]:
    """Medians of timed all-reduces on `size` workers, and what a ring makes of them.

    Of a ring, T = 2 (N-1) a + 2 (N-1)/N S/B: `latency_s` is a (with Horovod's own coordination,
    as training meets it), `bandwidth_B_per_s` is B. With one worker there is no link: only times.
    """
    small, gradients, large = (_allreduce_s(size_B) for size_B in (SMALL_B, GRADIENTS_B, LARGE_B))
    measured = {
        "world_size": float(size),
        "allreduce_4_B_s": small,
        "allreduce_gradients_s": gradients,
        "allreduce_4_MiB_s": large,
    }
    if size > 1:
        measured["latency_s"] = small / (2 * (size - 1))
        measured["bandwidth_B_per_s"] = 2 * (size - 1) / size * LARGE_B / max(large - small, 1e-9)
    return measured


def sums_are_right(rank: int, size: int) -> bool:
    """One all-reduce of known numbers: rank + 1 in every element."""
    [total] = sum_over_workers([tf.fill([1000], float(rank + 1))], "known_sum")
    return bool(np.all(total.numpy() == size * (size + 1) / 2))


def _allreduce_s(size_B: int) -> float:
    """Median over repeats of the slowest worker's time; fewer repeats where each takes long."""
    numbers = tf.zeros([size_B // 4])
    name = f"link_{size_B}"
    for _ in range(WARM_UP):
        first = _timed(numbers, name)
    slowest = float(gather_arrays(np.array([first]), "first").max())
    repeats = int(np.clip(LONGEST_S / slowest, 5, REPEATS))
    times = np.array([_timed(numbers, name) for _ in range(repeats)])
    return float(np.median(gather_arrays(times[None], "times").max(axis=0)))


def _timed(numbers: tf.Tensor, name: str) -> float:
    wait_for_all()
    begun = time.perf_counter()
    [total] = sum_over_workers([numbers], name)
    total.numpy()
    return time.perf_counter() - begun
