"""A job that goes on with fewer workers when it loses one, and takes hosts that are added.

The workers that are left are started again, from the last checkpoint. Horovod Elastic keeps their
processes instead, but their compiled cycle has the number of workers and their share of the batch
in it and would be traced again all the same, which is most of a start; and it gives up a whole host
with the first worker that is lost there.
"""

import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from heitler.cluster.commands import rank_hosts
from heitler.cluster.launch import run_job
from heitler.cluster.reach import unusable_hosts
from heitler.config import ClusterConfig

WORKERS_OPTION = "--workers"


def run_with_survivors(
    cluster: Callable[[], ClusterConfig],
    sizes: Sequence[int],
    script: str,
    *arguments: str,
    stop_file: Path | None = None,
) -> int:
    """Run a script with `--workers N` after its arguments, again with a smaller N whenever a worker
    is lost.

    A worker that fails by itself ends the job: it would fail again.

    Args:
        cluster: reads the section of params.yaml, before every start.
        sizes: numbers of workers that do the same, largest first.

    Returns:
        The exit code; the last job's if too few are left.

    Raises:
        LaunchError: as `run_workers`.
    """
    lost: Counter[str] = Counter()
    section, workers = cluster(), sizes[0]
    while True:
        words = (*arguments, WORKERS_OPTION, str(workers))
        end = run_job(section, workers, script, *words, stop_file=stop_file)
        if end.lost is None or not section.elastic:
            return end.code
        lost[rank_hosts(section, workers)[end.lost]] += 1
        slots = usable_slots(section := cluster(), sizes[0], lost)
        fitting = [size for size in sizes if size <= sum(slots.values())]
        if not fitting:
            return end.code
        section = replace(section, hosts=tuple(f"{host}:{n}" for host, n in slots.items()))
        workers = fitting[0]
        noun = "worker" if workers == 1 else "workers"
        print(f"Going on with {workers} {noun} from the last checkpoint.", flush=True)


def usable_slots(cluster: ClusterConfig, workers: int, lost: Counter[str]) -> dict[str, int]:
    """Workers that each host may still get, if it answers: less by those that were lost on it."""
    if cluster.launcher == "local":
        slots, unusable = {platform.node(): workers}, set[str]()
    else:
        slots, unusable = cluster.slots, unusable_hosts(cluster)
    left = {host: number - lost[host] for host, number in slots.items() if host not in unusable}
    return {host: number for host, number in left.items() if number > 0}
