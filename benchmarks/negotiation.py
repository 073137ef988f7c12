"""What Horovod's own thread costs a worker that has one core: cycle time against its pauses.

    scripts/python benchmarks/negotiation.py [--data FOLDER] [--rounds 4] [--pauses 1 2 4]

Two workers with one core each run the real training cycle (batch 8 each); the pauses take turns,
each start a job of its own. Every pause Horovod's threads wake, in all workers, and ask each other
over the network whether all have something to sum. Writes benchmarks/results/negotiation.json
and negotiation.md.
"""

import argparse
import dataclasses
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from heitler.cluster.launch import run_workers
from heitler.config import load_config
from heitler.data.summary import load_summary
from heitler.files import write_json, write_text
from heitler.progress import progress_bar
from heitler.scaling.measure import Bench
from heitler.scaling.measure import split_times as split
from heitler.scaling.points import Setup
from heitler.stage import launched_rank

RESULTS = Path(__file__).parent / "results"
WARMUP, CYCLES, WORKERS = 4, 16, 2
PARTS = ("compute_s", "communication_s", "straggler_wait_s")


def main() -> None:
    options = _parse()
    cluster = load_config().cluster
    starts = list(itertools.product(range(options.rounds), options.pauses))
    found: dict[float, list[dict[str, Any]]] = {pause: [] for pause in options.pauses}
    with progress_bar("measuring", len(starts)) as advance:
        for _, pause in starts:
            found[pause].append(_start(cluster, pause, options.data))
            advance(1, f"a look every {pause:g} ms")
    write_json(RESULTS / "negotiation.json", {str(pause): runs for pause, runs in found.items()})
    write_text(RESULTS / "negotiation.md", _table(found))
    print(_table(found))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/prepared"), help="real showers")
    parser.add_argument("--rounds", type=int, default=4, help="starts of each pause")
    parser.add_argument("--pauses", type=float, nargs="+", default=[1, 2, 4], help="ms")
    return parser.parse_args()


def _start(cluster: Any, pause_ms: float, data: Path) -> dict[str, Any]:
    cluster = dataclasses.replace(cluster, launcher="local", horovod_cycle_ms=pause_ms)
    with tempfile.TemporaryDirectory() as name:
        answer = Path(name) / "answer.json"
        if code := run_workers(cluster, WORKERS, __file__, str(data), str(answer)):
            raise SystemExit(code)
        return dict(json.loads(answer.read_text()))


def work(data: Path, answer: Path) -> None:
    """Runs in each worker."""
    from heitler.cluster.world import gather_arrays, join_world, wait_for_all

    config = load_config()
    world = join_world(WORKERS, 1, pin_cores=True)
    setup = Setup(WORKERS, independent=False, kernels=config.model.kernels, onednn=True)
    bench = Bench(config, setup, world, data / "train.h5", load_summary(data / "summary.json"))
    size = WORKERS * config.scale.per_worker_batch_size
    batches = bench.batches(size, WARMUP + CYCLES)
    bench.time(itertools.islice(batches, WARMUP))
    wait_for_all()
    parts = split(gather_arrays(bench.time(batches)[None], "times"))
    if world.writes:  # means over the cycles, of each worker
        write_json(answer, {name: part.mean(axis=1).tolist() for name, part in parts.items()})


def _table(found: dict[float, list[dict[str, Any]]]) -> str:
    lines = [
        "| a look every | cycle (ratio to the first) | slowest starts | computing, rank 0 / rank 1 "
        "| communication | waiting for the slowest |",
        "|---|---|---|---|---|---|",
    ]
    walls = {pause: [np.mean(run["wall_s"]) for run in runs] for pause, runs in found.items()}
    first = np.array(next(iter(walls.values())))
    for pause, runs in found.items():
        compute, communication, wait = (
            np.mean([run[part] for run in runs], axis=0) for part in PARTS
        )
        ratio = np.median(np.array(walls[pause]) / first)
        lines.append(
            f"| {pause:g} ms | {np.median(walls[pause]):.3f} s ({ratio:.3f}) "
            f"| {max(walls[pause]):.3f} s | {compute[0]:.3f} s / {compute[-1]:.3f} s "
            f"| {np.mean(communication):.3f} s | {np.mean(wait):.3f} s |"
        )
    runs = len(first)
    about = f"{WORKERS} workers, 1 core each, {CYCLES} cycles of a start, {runs} starts in turns."
    return "\n".join([*lines, "", about, ""])


if __name__ == "__main__":
    if launched_rank() is None:
        main()
    else:
        work(Path(sys.argv[1]), Path(sys.argv[2]))
