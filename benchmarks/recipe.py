"""Which choice of the recipe `heitler` helps? Equal CPU time, each training with one undone.

    python benchmarks/recipe.py [--seconds 60] [--seeds 1 2 3] [--only NAME ...]

Reads prepared showers (`dvc repro prepare`). Each training has a process and a core of its own, two
run at a time; finished ones are kept in benchmarks/results/recipe-60s.json (another time, another
file), so that a killed run goes on. Judged on the validation showers. Writes a table beside it.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
PREPARED = ("train.h5", "validation.h5", "summary.json")
"""Files of `dvc repro prepare` that a training reads."""
OURS = {"recipe": "heitler", "learning_rate": 0.002}
VARIANTS: dict[str, dict[str, Any]] = {
    "heitler": OURS,
    "heitler, 12 channels": OURS | {"changes": {"channels": 12}},
    "heitler, 48 channels": OURS | {"changes": {"channels": 48}},
    "heitler, all layers seen": OURS | {"changes": {"layers_seen": 25}},
    "heitler, without averaging of weights": OURS | {"changes": {"averaging": 0.0}},
    "heitler, constant learning rate": OURS | {"changes": {"rate_halved_after": 1e12}},
    "heitler, RMSprop for Adam": OURS | {"changes": {"optimizer": "rmsprop"}},
    "heitler, one layer before instead of four": OURS | {"constants": {"PAST": 1}},
    # Its -log p has one factor less, so it cannot be compared with the others'.
    "heitler, without turns' energies": OURS | {"constants": {"SUMS_FROM": 1_000_000}},
    "heitler, without distances from the axis": OURS | {"constants": {"RADII": (0.0, 26.0)}},
    "heitler, showers not mirrored": OURS | {"constants": {"SYMMETRIC": -1.0}},
    "paper (published)": {"recipe": "paper", "batch": 8, "learning_rate": 0.001},
    "dense": {},
    "without the discriminator's part": {"changes": {"adversarial_weight": 0.0}},
    "without energy scores": {"changes": {"score_weight": 0.0}},
    "without cell noise": {"changes": {"cell_noise": False}},
    "from random weights": {"changes": {"start": "random"}},
    "RMSprop for Adam": {"changes": {"optimizer": "rmsprop"}},
    "without averaging of weights": {"changes": {"averaging": 0.0}},
    "constant learning rate": {"changes": {"rate_halved_after": 1e12}},
    "a rate that falls 10 times slower": {"changes": {"rate_halved_after": 1000.0}},
    "199 latent numbers for the shape": {"changes": {"shape_noise": 199}},
}
DEFAULT = {"recipe": "dense", "changes": {}, "constants": {}, "batch": 32, "learning_rate": 0.003}
COLUMNS = {
    "validation_loss": ("-log p per layer", 3),
    "showers_per_cpu_second": ("showers per CPU s", 0),
    "response_max_deviation": ("largest abs(R - 1)", 3),
    "resolution_ratio": ("resolution over Geant4's", 2),
    "longitudinal_max_deviation": ("longitudinal, largest deviation", 2),
    "transverse_x_profile_error": ("transverse profile error", 3),
    "separation_ecal_sum": ("S(Esum)", 4),
    "separation_cells": ("S(cells)", 4),
    "layer_correlation": ("layer correlation", 2),
    "classifier_auc_high": ("AUC high", 2),
    "classifier_auc_low": ("AUC low", 2),
}


def main() -> None:
    options = _parse()
    results = HERE / "results" / f"recipe-{options.seconds:.0f}s.json"
    known = json.loads(results.read_text())["trainings"] if results.is_file() else []
    finished = {(row["name"], row["seed"]) for row in known}
    plan = [(name, seed) for seed in options.seeds for name in options.only]
    with (
        progress_bar("trainings", len(plan), done=len(finished & set(plan))) as advance,
        ThreadPoolExecutor(options.processes) as pool,
    ):
        trainings = [pool.submit(train, *one, options) for one in plan if one not in finished]
        for training in as_completed(trainings):
            known.append(training.result())
            write_json(results, {"trainings": known, "provenance": collect_provenance()})
            advance(note=f"{known[-1]['name']}, seed {known[-1]['seed']}")
    write_text(results.with_suffix(".md"), "\n".join(table(known)))
    print(results.with_suffix(".md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="CPU time of training cycles")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=VARIANTS, default=list(VARIANTS)
    )
    parser.add_argument("--processes", type=int, default=2, help="trainings at once")
    parser.add_argument("--data", default="data/prepared", help="folder of prepared showers")
    options = parser.parse_args()
    lacking = [name for name in PREPARED if not (Path(options.data) / name).is_file()]
    if lacking:
        parser.error(f"{options.data}: {', '.join(lacking)} not there. Make it: dvc repro prepare")
    return options


def train(name: str, seed: int, options: argparse.Namespace) -> Any:
    case = (
        DEFAULT | VARIANTS[name] | {"seed": seed, "seconds": options.seconds, "data": options.data}
    )
    worker = [sys.executable, HERE / "recipe_worker.py", json.dumps(case)]
    done = subprocess.run(worker, capture_output=True, text=True)
    if done.returncode:
        return {"name": name, "seed": seed, "failed": done.stderr.strip().splitlines()[-1]}
    row = json.loads(done.stdout.splitlines()[-1])
    del row["data"]
    return {"name": name, **row}


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Means over seeds, and half of what the seeds differ by."""
    trained = [row for row in rows if "failed" not in row]
    if not trained:
        return [f"{row['name']}, seed {row['seed']}: {row['failed']}" for row in rows]
    first = trained[0]
    lines = [
        f"{first['seconds']:.0f} s of CPU time in cycles each, one core, "
        f"{first['showers']} training showers, judged on {first['judged']} "
        "others. Mean over seeds, ± half the range.",
        "",
        "| recipe | seeds | " + " | ".join(title for title, _ in COLUMNS.values()) + " |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    for name in VARIANTS:
        same = [row for row in trained if row["name"] == name]
        failed = sum(row["name"] == name for row in rows) - len(same)
        if failed:
            lines.append(f"| {name} | {failed} stopped |" + " |" * len(COLUMNS))
        if same:
            cells = [
                _cell([row[key] for row in same if key in row], digits)
                for key, (_, digits) in COLUMNS.items()
            ]
            lines.append(f"| {name} | {len(same)} | " + " | ".join(cells) + " |")
    return lines


def _cell(values: list[float], digits: int) -> str:
    if not values:
        return ""
    spread = f" ± {np.ptp(values) / 2:.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{spread}"


if __name__ == "__main__":
    main()
