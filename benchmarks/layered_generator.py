"""Milliseconds per shower of a layered generator on one thread, by every backend.

    python benchmarks/layered_generator.py [--generator FOLDER] [--batches 1 64] [--rounds 40]

Each backend runs in a process of its own on one core; they take turns, call by call, with showers
of random energies. Given is CPU time, which on one thread is the time that a shower takes on an
idle machine. Writes benchmarks/results/layered_generator.json, of which benchmarks/generator.py
makes a table, and `generator.ms_batch1_one_thread` (the compiled kernel) in
reports/reference/headlines.json.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from turns import Worker

from heitler.base.files import merge_headlines, write_json
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "layered_generator.json"
REFERENCE = Path("reports/reference/generator")
BACKENDS = ("compiled", "onnxruntime", "tensorflow")


def main() -> None:
    options = _parse()
    workers = [_start(backend, options.generator) for backend in BACKENDS]
    for batch in options.batches:
        for _ in range(max(options.rounds // batch, 3)):
            for worker in workers:
                worker.run(batch)
    results = {
        "generator": str(options.generator),
        "cpu_ms_per_shower": {worker.name: _per_shower(worker) for worker in workers},
        "provenance": collect_provenance(),
    }
    for worker in workers:
        worker.stop()
    write_json(RESULTS, results)
    for name, by_batch in results["cpu_ms_per_shower"].items():
        print(name, ", ".join(f"batch {b}: {row['median']:.2f} ms" for b, row in by_batch.items()))
    if 1 in options.batches:
        milliseconds = results["cpu_ms_per_shower"]["compiled"]["1"]["median"]
        merge_headlines("generator", {"ms_batch1_one_thread": round(milliseconds, 2)})


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generator", type=Path, default=REFERENCE, help="folder")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--rounds", type=int, default=40, help="showers of every backend")
    return parser.parse_args()


def _start(backend: str, folder: Path) -> Worker:
    command = [sys.executable, HERE / "layered_worker.py", backend, folder]
    return Worker(backend, command, {"TF_ENABLE_ONEDNN_OPTS": "1"})


def _per_shower(worker: Worker) -> dict[str, dict[str, float]]:
    """Median and minimum by batch size."""
    rows = {}
    for batch, runs in worker.runs.items():
        cpu = 1e3 * np.array([run["cpu_s"] for run in runs]) / batch
        rows[str(batch)] = {"median": float(np.median(cpu)), "min": float(cpu.min())}
    return rows


if __name__ == "__main__":
    main()
