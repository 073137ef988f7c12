"""Cores for each worker of a machine: neighbours, in one NUMA domain where there are several.

The cores of this machine and the memory (NUMA domain) that each is close to.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
SLURM_BINDING = "SLURM_CPU_BIND_TYPE"
"""Set by srun for each worker: how it bound the worker, "none" where it did not."""
SYSTEM = Path("/sys/devices/system")


@dataclass(frozen=True, order=True)
class Core:
    """A physical core."""

    numa: int
    """Its NUMA domain."""
    cpus: tuple[int, ...]
    """The processor numbers that Linux gives it; more than one with hyper-threads."""


def read_cores(system: Path = SYSTEM, usable: Collection[int] | None = None) -> list[Core]:
    """Cores that this process may use (or `usable` processor numbers), by domain and number.

    Where Linux does not tell a processor's domain or core, it is domain 0, or a core of its own.
    """
    allowed = os.sched_getaffinity(0) if usable is None else set(usable)
    domain_of = {cpu: domain for domain, cpus in _domains(system).items() for cpu in cpus}
    cores = set()
    for cpu in allowed:
        siblings = system / f"cpu/cpu{cpu}/topology/thread_siblings_list"
        together = parse_cpu_list(siblings.read_text()) if siblings.exists() else [cpu]
        mine = tuple(sibling for sibling in together if sibling in allowed)
        cores.add(Core(domain_of.get(cpu, 0), mine))
    return sorted(cores)


def _domains(system: Path) -> dict[int, list[int]]:
    folders = (system / "node").glob("node[0-9]*")
    return {
        int(folder.name.removeprefix("node")): parse_cpu_list((folder / "cpulist").read_text())
        for folder in folders
    }


def parse_cpu_list(text: str) -> list[int]:
    """Linux's notation of processor numbers: "0-2,8" -> [0, 1, 2, 8]."""
    cpus: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        cpus.extend(range(int(first), int(last or first) + 1))
    return cpus


def cpu_list(cpus: Collection[int]) -> str:
    """The reverse of `parse_cpu_list`: [0, 1, 2, 8] -> "0-2,8"."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and cpu == runs[-1][-1] + 1:
            runs[-1].append(cpu)
        else:
            runs.append([cpu])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


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
