"""What it costs two workers of one machine to train together: launchers and pauses in turns.

    scripts/python benchmarks/coupling.py [--data FOLDER] [--rounds 3]

Two workers with one core and 8 showers each run the real training cycle in these ways, each start a
job of its own:

- independent: two processes that know nothing of each other. The machine's memory is shared.
- in step: the same, but at every all-reduce they wait for each other, and exchange nothing.
- local, mpi: Horovod over Gloo (TCP) and over Intel MPI (shared memory), with a pause (ms) between
  two looks for something to sum. `mpi, spinning` waits as Intel MPI does by itself.

Writes benchmarks/results/coupling.json and coupling.md.
"""

import argparse
import dataclasses
import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar
from heitler.base.stage import launched_rank
from heitler.cluster.launch import run_workers
from heitler.config import ClusterConfig, load_config
from heitler.data.summary import load_summary
from heitler.tracking.provenance import machine

RESULTS = Path(__file__).parent / "results"
INDEPENDENT, IN_STEP, SPINNING = "independent", "in step", "mpi, spinning"
YIELD = "I_MPI_THREAD_YIELD"
WARMUP, CYCLES, WORKERS = 12, 40, 2
CACHE_LINE = 8
"""Of 64-bit numbers."""


def main() -> None:
    options = _parse()
    cluster = load_config().cluster
    pauses = [f"{launcher}, {ms:g} ms" for launcher in ("local", "mpi") for ms in options.pauses]
    ways = [INDEPENDENT, IN_STEP, *pauses, SPINNING]
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
    starts = list(itertools.product(range(options.rounds), ways))
    with progress_bar("measuring", len(starts)) as advance:
        for _, way in starts:
            found[way].append(_start(cluster, way, options.data))
            advance(1, way)
    write_json(RESULTS / "coupling.json", {"machine": machine(), "starts": found})
    write_text(RESULTS / "coupling.md", _table(found))
    print(_table(found))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/prepared"), help="real showers")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each way")
    parser.add_argument("--pauses", type=float, nargs="+", default=[2, 5], help="ms")
    return parser.parse_args()


def _start(cluster: ClusterConfig, way: str, data: Path) -> dict[str, Any]:
    launcher, _, pause = way.partition(", ")
    cluster = dataclasses.replace(
        cluster,
        launcher="mpi" if launcher == "mpi" else "local",
        hosts=(),
        horovod_cycle_ms=float(pause.split()[0]) if pause.endswith("ms") else 5.0,
    )
    variables = {YIELD: "0"} if way == SPINNING else {}
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, variables):
        if code := run_workers(cluster, WORKERS, __file__, way, str(data), folder):
            raise SystemExit(code)
        each = [json.loads(path.read_text()) for path in sorted(Path(folder).glob("*.json"))]
    return {key: [worker[key] for worker in each] for key in each[0]}


def work(way: str, data: Path, folder: Path) -> None:
    """Runs in each worker."""
    from heitler.cluster.alone import leave_the_others
    from heitler.cluster.pinning import pin_process, read_cores
    from heitler.cluster.world import join_world
    from heitler.scaling.measure import Bench
    from heitler.scaling.meeting import Meeting
    from heitler.scaling.points import Setup

    config = load_config()
    place = launched_rank() or 0
    alone = way in (INDEPENDENT, IN_STEP)
    if alone:
        leave_the_others()
        pin_process(read_cores()[place].cpus)
    if way == IN_STEP:
        _wait_instead_of_summing(place, folder / "turns")
    world = join_world(1 if alone else WORKERS, 1, pin_cores=not alone)
    setup = Setup(WORKERS, independent=alone, kernels=config.model.kernels, onednn=True)
    bench = Bench(config, setup, world, data / "train.h5", load_summary(data / "summary.json"))
    size = world.size * config.scale.per_worker_batch_size
    batches = bench.batches(size, WARMUP + 4 * CYCLES)
    bench.time(itertools.islice(batches, WARMUP))
    meeting = Meeting(folder / "meeting", place, WORKERS)
    meeting.wait("warm")
    before = resource.getrusage(resource.RUSAGE_SELF)
    times = bench.time(itertools.islice(batches, CYCLES))
    after = resource.getrusage(resource.RUSAGE_SELF)
    meeting.say("done")
    while way == INDEPENDENT and not meeting.all_said("done"):
        bench.time(itertools.islice(batches, 1))  # keeps the machine as busy as it was
    answer = {
        "cycle_s": (times[:, 2] - times[:, 0]).tolist(),
        "user_s": (after.ru_utime - before.ru_utime) / CYCLES,
        "system_s": (after.ru_stime - before.ru_stime) / CYCLES,
        "all_reduce_s": (times[:, 4::2] - times[:, 3::2]).mean(axis=0).tolist(),
    }
    write_json(folder / f"{place}.json", answer)


def _wait_instead_of_summing(place: int, path: Path) -> None:
    """Two processes count all-reduces in a file that both have in memory."""
    import tensorflow as tf

    import heitler.training.cycle as cycle

    path.open("a").truncate(8 * CACHE_LINE * WORKERS)
    counts = np.memmap(path, np.int64, "r+", shape=(WORKERS, CACHE_LINE))[:, 0]

    def wait() -> Any:
        counts[place] += 1
        while counts.min() < counts[place]:
            time.sleep(0)  # lets others of this core go first
        return np.float32(0)

    def in_step(tensors: list[Any], name: str) -> list[Any]:
        with tf.control_dependencies(tensors):
            met = tf.numpy_function(wait, [], tf.float32, name=name)
        with tf.control_dependencies([met]):
            return [tf.identity(tensor) for tensor in tensors]

    summing: Callable[..., Any] = in_step
    cycle.sum_over_workers = summing


def _table(found: dict[str, list[dict[str, Any]]]) -> str:
    def cycles(way: str) -> Any:
        """Mean of each start over its workers and cycles."""
        return np.array([np.mean(run["cycle_s"]) for run in found[way]])

    lines = [
        "| way | cycle | speed, of independent processes' in the same round "
        "| CPU of a worker, user + system "
        "| waiting for the sums: discriminator real, fake, generator twice |",
        "|---|---|---|---|---|",
    ]
    for way, runs in found.items():
        speed = cycles(INDEPENDENT) / cycles(way)
        user, system = (np.median([run[key] for run in runs]) for key in ("user_s", "system_s"))
        waits = np.median([np.mean(run["all_reduce_s"], axis=0) for run in runs], axis=0)
        lines.append(
            f"| {way} | {np.median(cycles(way)):.3f} s | {np.median(speed):.1%} "
            f"({speed.min():.1%} to {speed.max():.1%}) | {user:.3f} + {system:.3f} s "
            f"| {' + '.join(f'{1000 * wait:.1f}' for wait in waits)} ms |"
        )
    about = (
        f"{WORKERS} workers, 1 core and 8 showers each, {CYCLES} cycles of a start, "
        f"{len(found[INDEPENDENT])} starts in turns: medians (smallest to largest); "
        f"{machine()['cpu']}."
    )
    return "\n".join([*lines, "", about, ""])


if __name__ == "__main__":
    if launched_rank() is None:
        main()
    else:
        work(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
