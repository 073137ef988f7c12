"""Run on every worker by `heitler check-cluster`: whether the workers can train together."""

import sys
import time
from pathlib import Path
from typing import Any

import heitler
from heitler.base.errors import LaunchError
from heitler.base.files import file_digest, write_json
from heitler.base.stage import run_stage
from heitler.cluster.agreement import differences, worker_table
from heitler.cluster.link import measure_link, sums_are_right
from heitler.cluster.world import World, describe_worker, gather_objects, join_world, wait_for_all
from heitler.config import load_config

PACKAGE = Path(heitler.__file__).parent
DATA = Path("data/prepared")
LINK_FILE = Path("reports/cluster/link.json")
DIGITS = 12


def main() -> None:
    """Every worker ends with an error if any differs; rank 0 says why."""
    workers = int(sys.argv[1])
    cluster = load_config().cluster
    world = join_world(workers, cluster.threads_per_worker, pin_cores=cluster.pin_cores)
    reports = gather_objects(report(), "reports")
    right = all(gather_objects(sums_are_right(world.rank, world.size), "right"))
    link = measure_link(world.size)
    if world.writes:
        show(reports, link)
    stop_if_wrong(world, [*differences(reports), *([] if right else ["An all-reduce is wrong."])])
    if world.writes:
        write_json(LINK_FILE, link | {"hosts": [one["host"] for one in reports]})
        print(f"All {workers} workers agree. Link: {LINK_FILE}")


def report() -> dict[str, Any]:
    """What must be the same on all workers, and where this one is."""
    wait_for_all()
    clock = time.time()
    code = file_digest(*sorted(PACKAGE.rglob("*.py")))[:DIGITS]
    data = {str(path): file_digest(path)[:DIGITS] for path in sorted(DATA.glob("*.*"))}
    return describe_worker() | {"clock_s": clock, "heitler": code, "data": data}


def show(reports: list[dict[str, Any]], link: dict[str, float]) -> None:
    """The workers' table, the all-reduces, what of the data there is."""
    print(worker_table(reports))
    sizes = ("4_B", "gradients", "4_MiB")
    ms = {size: f"{1e3 * link[f'allreduce_{size}_s']:.1f} ms" for size in sizes}
    print(
        f"All-reduce: one number {ms['4_B']}, 3DGAN's gradients {ms['gradients']}, "
        f"4 MiB {ms['4_MiB']}"
    )
    if "latency_s" in link:
        print(
            f"Link: latency {1e6 * link['latency_s']:.0f} us (Horovod's coordination included), "
            f"bandwidth {8e-6 * link['bandwidth_B_per_s']:.0f} Mbit/s"
        )
    if not reports[0]["data"]:
        print(f"{DATA}: no files to compare. Run `dvc repro prepare` before training.")


def stop_if_wrong(world: World, faults: list[str]) -> None:
    """Raise LaunchError if there are faults; only rank 0's has words, so that they come once."""
    if faults and world.writes:
        raise LaunchError("\n".join(faults))
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    run_stage(main)
