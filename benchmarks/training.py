"""Seconds per training cycle (D real, D fake, G, G), by every way to run it.

    python benchmarks/training.py [--quick] [--batches 8 128] [--peers PYTHON]

All variants train the same networks on the same events and take turns (A B C A B C ...), each in
a process of its own, so that whatever else the machine does meets all alike. `--peers` names the
Python of an environment with torch and numpy (docs/performance.md); without it those rows are
left out. Writes benchmarks/results/training.json and training.md.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import training_files
import training_flops
from training_table import write_table
from turns import Worker, summarize

from heitler.base.files import write_json
from heitler.config import load_config
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results"
WORKER = HERE / "training_worker.py"
BATCHES, QUICK_BATCHES = (8, 128), (8,)
ROUNDS, QUICK_ROUNDS, ROUNDS_OF_LARGE_BATCHES = 7, 3, 3
LARGE_BATCH = 64
WITHOUT_ONEDNN = "keras_without_onednn"
ONLY_SMALL = (WITHOUT_ONEDNN, "torch_published")
"""Take minutes per cycle at large batches, and are left out there."""


def main() -> None:
    options = _parse()
    batches = options.batches or (QUICK_BATCHES if options.quick else BATCHES)
    config = load_config()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        training_files.write_files(folder, config, max(batches))
        workers = _start(folder, options.peers)
        for batch in batches:
            _take_turns(workers, batch, QUICK_ROUNDS if options.quick else ROUNDS)
        flops = training_flops.flops_per_shower(config)
        results = {
            "network": config.model.network,
            "threads": len(os.sched_getaffinity(0)),
            "gflop_per_shower": flops,
            "onednn_by_default": workers[0].about["onednn"],
            "matrix_flop": workers[-1].about["flops"],
            "seconds": {worker.name: summarize(worker.runs) for worker in workers},
            "provenance": collect_provenance(),
        }
        for worker in workers:
            worker.stop()
    write_json(RESULTS / "training.json", results)
    write_table(RESULTS / "training.md", results)
    print((RESULTS / "training.md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="batch 8 only, few rounds")
    parser.add_argument("--batches", type=int, nargs="+", help="other batch sizes")
    parser.add_argument("--peers", help="Python with torch")
    return parser.parse_args()


def _start(folder: Path, peers: str | None) -> list[Worker]:
    """All variants, which must agree on the number of parameters; the peak comes last."""

    def start(name: str, variant: str, python: str = sys.executable, **env: str | None) -> Worker:
        return Worker(name, [python, str(WORKER), variant, str(folder)], env)

    workers = [start("keras_default", "keras", TF_ENABLE_ONEDNN_OPTS=None)]
    by_default = workers[0].about["onednn"]
    other, setting = (WITHOUT_ONEDNN, "0") if by_default else ("keras_onednn", "1")
    workers.append(start(other, "keras", TF_ENABLE_ONEDNN_OPTS=setting))
    if peers:
        workers += [start(name, name, peers) for name in ("torch_published", "torch_best")]
    workers += [start(name, name) for name in ("ours_plain", "ours_fast")]
    parameters = {worker.name: worker.about["parameters"] for worker in workers}
    if len(set(parameters.values())) != 1:
        raise SystemExit(f"The variants train different networks: {parameters}.")
    return [*workers, start("matrix_peak", "matrix_peak")]


def _take_turns(workers: list[Worker], batch: int, rounds: int) -> None:
    large = batch >= LARGE_BATCH
    rounds = min(rounds, ROUNDS_OF_LARGE_BATCHES) if large else rounds
    for done in range(rounds):
        for worker in workers:
            if not (large and worker.name in ONLY_SMALL):
                worker.run(batch)
        print(f"batch {batch}: round {done + 1} of {rounds}", flush=True)


if __name__ == "__main__":
    main()
