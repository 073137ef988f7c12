"""Milliseconds per shower of the trained generator's network, by every way to run it.

    python benchmarks/generator.py [--quick] [--batches 1 128] [--peers PYTHON]

All variants have the same weights and prove it on a few showers first. They take turns (A B C
A B C ...), each in a process of its own, so that whatever else the machine does meets all alike.
`--peers` names the Python of an environment with torch, openvino and numpy (any versions); without
it those rows are left out. Writes benchmarks/results/generator.json and generator.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import generator_files
import numpy as np
from generator_table import write_table
from generator_worker import VARIANTS

from heitler.config import load_config
from heitler.files import write_json
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BATCHES, QUICK_BATCHES = (1, 16, 128, 1024), (1, 128)
ROUNDS, QUICK_ROUNDS, ROUNDS_ABOVE_128 = 5, 3, 2
MAX_ERROR = 1e-5
"""Of a cell, relative to the largest cell: all variants are the same function."""


class Worker:
    """A process that runs one variant when asked."""

    def __init__(self, variant: str, folder: Path, python: str) -> None:
        self.variant = variant
        self.seconds: dict[int, list[dict[str, float]]] = {}
        self.process = subprocess.Popen(
            [python, HERE / "generator_worker.py", variant, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        error = self._answer()["error"]
        if not error < MAX_ERROR:
            raise SystemExit(f"{variant}: cells differ by {error:.1e} of the largest cell.")

    def time(self, batch: int) -> None:
        """Run one batch and note its seconds."""
        print(batch, file=self.process.stdin, flush=True)
        self.seconds.setdefault(batch, []).append(self._answer())

    def _answer(self) -> dict[str, float]:
        for line in self.process.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line.removeprefix("ANSWER "))
        raise SystemExit(f"{self.variant}: ended without an answer. Its message is above.")

    def summary(self) -> dict[str, dict[str, float]]:
        """Milliseconds per shower, by batch size."""
        return {str(batch): _summary(runs, batch) for batch, runs in self.seconds.items()}


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
            "ms_per_shower": {worker.variant: worker.summary() for worker in workers},
            "geant4": generator_files.geant4_seconds(Path("data/showers")),
            "provenance": collect_provenance(),
        }
        for worker in workers:
            worker.process.stdin.close()
            worker.process.wait()
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
            yield Worker(variant, folder, sys.executable)
        elif peers:
            yield Worker(variant, folder, peers)


def _take_turns(workers: list[Worker], batch: int, rounds: int) -> None:
    rounds = min(rounds, ROUNDS_ABOVE_128) if batch > 128 else rounds
    for done in range(rounds):
        for worker in workers:
            worker.time(batch)
        print(f"batch {batch}: round {done + 1} of {rounds}", flush=True)


def _summary(runs: list[dict[str, float]], batch: int) -> dict[str, Any]:
    wall, cpu = (np.array([run[key] for run in runs]) * 1e3 / batch for key in ("wall_s", "cpu_s"))
    return {
        "median": float(np.median(wall)),
        "min": float(wall.min()),
        "max": float(wall.max()),
        "cpu": float(np.median(cpu)),
    }


if __name__ == "__main__":
    main()
