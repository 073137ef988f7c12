"""The same cores as one worker with all threads, or as two workers with half of them each.

    python benchmarks/ranks.py [--quick] [--batches 8 64] [--rounds 4]

All train the networks of params.yaml on the same global batches with real Horovod, started as stage
`train` starts them, two workers by both launchers (Gloo, Intel MPI), in turns (A B C A B C ...).
Writes benchmarks/results/ranks.json and ranks.md.
"""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import training_files
from turns import summarize

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar
from heitler.base.stage import launched_rank
from heitler.cluster.launch import run_workers
from heitler.config import load_config
from heitler.tracking.provenance import collect_provenance

RESULTS = Path(__file__).parent / "results"
FORMS = {"one worker": (1, "local"), "two, local": (2, "local"), "two, mpi": (2, "mpi")}
"""Workers and their launcher."""
BATCHES, ROUNDS, QUICK_ROUNDS = (8, 64), 4, 2
SHOWERS_PER_TURN = 128
"""At least so many are timed at each batch size in a turn."""
WARM_CYCLES, WARM_S = (2, 12), 20.0
"""Fewest and most cycles before: the first ten or so pay for memory that later ones reuse."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="batch 8 only, few rounds")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    batches = options.batches[:1] if options.quick else options.batches
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    with tempfile.TemporaryDirectory() as name:
        training_files.write_files(Path(name), load_config(), max(batches))
        runs = _take_turns(Path(name), batches, rounds)
    results = {
        "cores": len(os.sched_getaffinity(0)),
        "seconds": {form: summarize(runs[form]) for form in FORMS},
        "provenance": collect_provenance(),
    }
    write_json(RESULTS / "ranks.json", results)
    write_text(RESULTS / "ranks.md", _table(results))
    print((RESULTS / "ranks.md").read_text())


def _take_turns(folder: Path, batches: list[int], rounds: int) -> dict[str, dict[int, Any]]:
    """Seconds of every cycle, by form and batch size."""
    runs = {form: {batch: [] for batch in batches} for form in FORMS}
    cluster = load_config().cluster
    sizes = [str(batch) for batch in batches]
    with progress_bar("ranks", rounds * len(FORMS)) as advance:
        for _ in range(rounds):
            for form, (workers, launcher) in FORMS.items():
                cluster = dataclasses.replace(cluster, launcher=launcher, hosts=())
                code = run_workers(cluster, workers, __file__, str(folder), str(workers), *sizes)
                if code:
                    raise SystemExit(code)
                timed = json.loads((folder / "timed.json").read_text())
                for batch in batches:
                    runs[form][batch] += timed[str(batch)]
                advance(note=form)
    return runs


def work(folder: Path, workers: int, batches: list[int]) -> None:
    """In every worker: some cycles at each batch size; rank 0 writes their seconds."""
    from training_ours import compiled_cycle
    from training_worker import load_about

    from heitler.cluster.world import gather_arrays, join_world

    cluster = load_config().cluster
    world = join_world(workers, cluster.threads_per_worker, pin_cores=cluster.pin_cores)
    run, _ = compiled_cycle(*load_about(folder, load_config().model.kernels), world)
    arrays = dict(np.load(folder / "events.npz"))
    timed = {}
    for batch in batches:
        events = {name: array[:batch] for name, array in arrays.items()}
        warm_up(lambda events=events: run(events))
        timed[batch] = []
        for _ in range(max(2, SHOWERS_PER_TURN // batch)):
            wall, cpu = time.perf_counter(), time.process_time()
            run(events)  # every cycle ends with an all-reduce: all workers take the same time
            seconds = np.array([time.perf_counter() - wall, time.process_time() - cpu])
            wall_s, cpu_s = gather_arrays(seconds[None], "seconds").T
            timed[batch].append({"wall_s": wall_s.max(), "cpu_s": cpu_s.sum()})
    if world.writes:
        write_json(folder / "timed.json", timed)


def warm_up(run: Callable[[], Any]) -> None:
    """Cycles that are not timed, the same number on all workers; no more after `WARM_S`."""
    from heitler.cluster.world import gather_arrays

    begun = time.monotonic()
    for number in range(1, WARM_CYCLES[1] + 1):
        run()
        late = gather_arrays(np.array([time.monotonic() - begun > WARM_S]), "warm").any()
        if number >= WARM_CYCLES[0] and late:
            break


def _table(results: dict[str, Any]) -> str:
    one, *two = seconds = list(results["seconds"].values())
    cores = results["cores"]
    lines = [
        f"One worker with {cores} threads against two with {cores // 2} each, on {cores} cores, "
        "equal global batch; seconds per cycle of interleaved turns.",
        "",
        "| global batch | one worker: median (min; spread; CPU) | two, launcher local (Gloo) "
        "| two, launcher mpi (Intel MPI) | two workers' showers/s over one's: local, mpi |",
        "|---:|---:|---:|---:|---:|",
    ]
    for batch in one:
        cells = [
            f"{run[batch]['median']:.3f} ({run[batch]['min']:.3f}; {run[batch]['spread']:.2f}; "
            f"{run[batch]['cpu']:.2f})"
            for run in seconds
        ]
        ratios = ", ".join(f"{one[batch]['median'] / run[batch]['median']:.2f}" for run in two)
        lines.append(f"| {batch} | {' | '.join(cells)} | {ratios} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if launched_rank() is None:
        main()
    else:
        folder, workers, *sizes = sys.argv[1:]
        work(Path(folder), int(workers), [int(size) for size in sizes])
