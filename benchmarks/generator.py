"""Milliseconds per shower of the trained generator's network, by every way to run it.

    python benchmarks/generator.py [--quick] [--batches 1 128] [--peers PYTHON]

All variants but the compact ones have the same weights and prove it on a few showers first. They
take turns (A B C A B C ...), each in a process of its own, so that whatever else the machine does
meets all alike.
`--peers` names the Python of an environment with torch, openvino and numpy (any versions); without
it those rows are left out. Writes benchmarks/results/generator.json and generator.md.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import generator_files
from generator_table import write_table
from generator_worker import VARIANTS
from turns import Worker, summarize

from heitler.base.files import write_json
from heitler.config import load_config
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results"
COMPACT = Path("reports/compact/metrics.json")
BATCHES, QUICK_BATCHES = (1, 16, 128, 1024), (1, 128)
ROUNDS, QUICK_ROUNDS, ROUNDS_ABOVE_128 = 5, 3, 2
MAX_ERROR = 1e-5
"""Of a cell, relative to the largest cell: the variants of a network are the same function."""


def main() -> None:
    options = _parse()
    batches = options.batches or (QUICK_BATCHES if options.quick else BATCHES)
    config = load_config()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        form = generator_files.write_files(folder, config, max(batches))
        workers = list(_start(folder, options.peers))
        for batch in batches:
            _take_turns(workers, batch, QUICK_ROUNDS if options.quick else ROUNDS)
        results = {
            "network": config.model.network,
            "threads": len(os.sched_getaffinity(0)),
            "multiply_adds_per_shower": form.multiply_adds,
            "ms_per_shower": {worker.name: _per_shower(worker) for worker in workers},
            "compact": _read_compact(),
            "geant4": generator_files.geant4_seconds(Path("data/showers")),
            "provenance": collect_provenance(),
        }
        for worker in workers:
            worker.stop()
    write_json(RESULTS / "generator.json", results)
    write_table(RESULTS / "generator.md", results)
    print((RESULTS / "generator.md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two batch sizes, few rounds")
    parser.add_argument("--batches", type=int, nargs="+", help="other batch sizes")
    parser.add_argument("--peers", help="Python with torch and openvino")
    return parser.parse_args()


def _start(folder: Path, peers: str | None):
    for variant in VARIANTS:
        if not variant.endswith(("torch", "openvino")):
            yield _worker(variant, folder, sys.executable)
        elif peers:
            yield _worker(variant, folder, peers)


def _worker(variant: str, folder: Path, python: str) -> Worker:
    command = [python, HERE / "generator_worker.py", variant, folder]
    worker = Worker(variant, command, {"TF_ENABLE_ONEDNN_OPTS": "1"})
    if not worker.about["error"] < MAX_ERROR:
        raise SystemExit(f"{variant}: cells differ by {worker.about['error']:.1e} of the largest.")
    return worker


def _take_turns(workers: list[Worker], batch: int, rounds: int) -> None:
    rounds = min(rounds, ROUNDS_ABOVE_128) if batch > 128 else rounds
    for done in range(rounds):
        for worker in workers:
            worker.run(batch)
        print(f"batch {batch}: round {done + 1} of {rounds}", flush=True)


def _per_shower(worker: Worker) -> dict[str, dict[str, float]]:
    """Milliseconds per shower, by batch size."""
    return {
        batch: {name: 1e3 * row[name] / int(batch) for name in ("median", "min", "cpu")}
        for batch, row in summarize(worker.runs).items()
    }


def _read_compact() -> dict[str, Any]:
    """What stage `compact` found about the compact generator's physics; empty before it ran."""
    return json.loads(COMPACT.read_text()) if COMPACT.is_file() else {}


if __name__ == "__main__":
    main()
