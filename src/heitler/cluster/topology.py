"""The cores of this machine and the memory (NUMA domain) that each is close to."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

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
