"""Cores for each worker of a machine: neighbours, in one NUMA domain where there are several."""

import os
from collections.abc import Collection, Sequence
from itertools import chain, groupby, pairwise
from pathlib import Path
from typing import TypeVar

from heitler.cluster.topology import Core

T = TypeVar("T")
SLURM_BINDING = "SLURM_CPU_BIND_TYPE"
"""Set by srun for each worker: how it bound the worker, "none" where it did not."""


def divide_cores(cores: Sequence[Core], workers: int) -> list[tuple[Core, ...]]:
    """One share of a machine's cores for each of its workers, in the order of local ranks.

    Shares are runs of neighbouring cores, as equal as can be. With at least as many workers as
    NUMA domains no share crosses from one domain to another; with fewer workers each has whole
    domains. More workers than cores take turns, one core each.
    """
    ordered = sorted(cores)
    if workers > len(ordered):
        return [(ordered[worker % len(ordered)],) for worker in range(workers)]
    domains = [list(group) for _, group in groupby(ordered, key=lambda core: core.numa)]
    if workers < len(domains):
        return [tuple(chain(*part)) for part in _split(domains, workers)]
    counts = _workers_per_domain([len(domain) for domain in domains], workers)
    return [
        tuple(share)
        for domain, count in zip(domains, counts, strict=True)
        for share in _split(domain, count)
    ]


def _workers_per_domain(sizes: Sequence[int], workers: int) -> list[int]:
    """Divide workers over domains: each next one where most cores are left for it."""
    counts = [0] * len(sizes)
    for _ in range(workers):
        emptiest = max(range(len(sizes)), key=lambda domain: sizes[domain] / (counts[domain] + 1))
        counts[emptiest] += 1
    return counts


def _split(items: Sequence[T], parts: int) -> list[Sequence[T]]:
    """Runs of neighbours whose lengths differ by at most one; none for no parts."""
    ends = [len(items) * part // parts for part in range(parts + 1)] if parts else []
    return [items[start:stop] for start, stop in pairwise(ends)]


def pin_process(cpus: Collection[int]) -> None:
    """Keep this process, with all threads that it has and will have, on these processors.

    Linux binds thread by thread, and libraries may have started some already.
    """
    for thread in Path("/proc/self/task").iterdir():
        try:
            os.sched_setaffinity(int(thread.name), cpus)
        except ProcessLookupError:  # this thread has ended meanwhile
            continue


def bound_by_launcher() -> bool:
    """Whether the launcher gave each worker cores of its own, so that nothing is left to divide."""
    return os.environ.get(SLURM_BINDING, "none") not in ("", "none")
