"""Individuals judged per second by stage `evolve`, beside Keras, DEAP and evosax.

    python benchmarks/evolution.py [--data data/prepared] [--peers PYTHON] [--quick]

All judge the same network on the same showers, prove it on one genome, and take turns (A B C A B C
...), each in a process of its own with all cores. `--peers` names the Python of an environment
with deap, evosax and jax (docs/evolution.md); without it those rows are left out. Writes
benchmarks/results/evolution.json and evolution.md.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from evolution_tuning import load_events
from turns import Worker, summarize

from heitler.base.files import write_json, write_text
from heitler.config import load_config
from heitler.evolution.network import NetworkShape
from heitler.evolution.strategy import random_genome
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "evolution.json"
POPULATIONS = (8, 64)
"""Offspring: Table 1's, and more."""
PEERS = ("deap", "evosax_convolution", "evosax_patches")
NAMES = {
    "keras_loop": "Keras: `set_weights`, `evaluate`, one by one",
    "keras_compiled": "Keras: the same loop, model compiled by `tf.function`",
    "deap": "DEAP, fitness in NumPy",
    "evosax_convolution": "evosax (JAX), convolution",
    "evosax_patches": "evosax (JAX), matrix products as ours",
    "ours": "**ours**",
}
MAX_ERROR = 1e-4
ROUNDS, QUICK_ROUNDS = 7, 2


def main() -> None:
    options = _parse()
    with tempfile.TemporaryDirectory() as name:
        about = write_files(Path(name), options.data)
        names = [name for name in NAMES if options.peers or name not in PEERS]
        workers = start_workers(names, Path(name), options.peers)
        rounds = QUICK_ROUNDS if options.quick else ROUNDS
        for done in range(rounds):
            for offspring in POPULATIONS:
                for worker in workers:
                    worker.run(offspring)
            print(f"round {done + 1} of {rounds}", flush=True)
        results = {
            **about,
            "threads": len(os.sched_getaffinity(0)),
            "seconds_per_individual": {w.name: summarize(w.runs) for w in workers},
            "provenance": collect_provenance(),
        }
        for worker in workers:
            worker.stop()
    write_json(RESULTS, results)
    write_text(RESULTS.with_suffix(".md"), "\n".join(table(results)))
    print(RESULTS.with_suffix(".md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data/prepared", help="folder of prepared showers")
    parser.add_argument("--peers", help="Python with deap, evosax, jax")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    return parser.parse_args()


def write_files(folder: Path, data: str) -> dict[str, Any]:
    """Showers, one genome and the network, in units of 1."""
    config = load_config().evolve.of_strategy("one-plus-lambda")
    events, _, units = load_events(data, config, "validation.h5")
    images = events.images_GeV / np.float32(units.cell_GeV)
    energy = events.primary_energy_GeV / np.float32(units.energy_GeV)
    network = {
        "filters": config.filters,
        "kernel": config.kernel,
        "stride": config.stride,
        "slope": config.leaky_relu_slope,
    }
    genome = random_genome(NetworkShape(images.shape[1:], **network), 1, 0)
    np.savez(folder / "events.npz", images=images, energy=energy, genome=genome)
    search = {"rate": config.mutation_rate, "power": config.mutation_power}
    about = {**network, **search, "batch": config.batch_size, "showers": len(events)}
    write_json(folder / "about.json", about)
    return {**about, "genes": genome.size}


def start_workers(names: list[str], folder: Path, peers: str | None) -> list[Worker]:
    """All variants, which must find the same loss for one genome."""
    workers = []
    for name in names:
        python = peers if name in PEERS else sys.executable
        command = [str(python), str(HERE / "evolution_worker.py"), name, str(folder)]
        workers.append(Worker(name, command, {"TF_ENABLE_ONEDNN_OPTS": "1"}))
    losses = {worker.name: worker.about["loss"] for worker in workers}
    if np.ptp(list(losses.values())) > MAX_ERROR * losses["ours"]:
        raise SystemExit(f"The variants judge the same genome differently: {losses}.")
    return workers


def table(results: dict[str, Any]) -> list[str]:
    """One row per variant, individuals per second."""
    lines = [
        f"Network of {results['genes']} weights, batches of {results['batch']} out of "
        f"{results['showers']} showers, {results['threads']} threads, interleaved runs; whole "
        "generations: children made, judged, the best kept.",
    ]
    for offspring in map(str, POPULATIONS):
        runs = {name: run[offspring] for name, run in results["seconds_per_individual"].items()}
        ours = runs["ours"]
        lines += [
            "",
            f"{offspring} offspring:",
            "",
            "| | individuals per second: median (best) | CPU ms each | ours faster: wall (CPU) |",
            "|---|---:|---:|---:|",
            *(
                f"| {NAMES[name]} | {1 / run['median']:,.0f} ({1 / run['min']:,.0f}) "
                f"| {1e3 * run['cpu']:.3f} | {run['median'] / ours['median']:.1f} "
                f"({run['cpu'] / ours['cpu']:.1f}) |"
                for name, run in runs.items()
            ),
        ]
    return [*lines, ""]


if __name__ == "__main__":
    main()
