"""How good is the generator after more and more training? Its kept checkpoints, judged one by one.

    python benchmarks/training_time.py HELD_OUT.h5 [--epochs 4 8 16 30] [--showers 1000]

Asks checkpoints of `data/training/heitler` (keep them with `train.keep_checkpoints`) for the first
showers of the file, which no training saw. Boosted trees and the small dense network on high-level
features say how well they are told apart. Writes benchmarks/results/training_time.json and .md;
epochs that are there already are not judged again.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar
from heitler.config import Config, load_config
from heitler.data.hdf5 import Showers, read_showers
from heitler.data.observables import measure_cells
from heitler.data.summary import load_summary
from heitler.judge.curve import measure_curve
from heitler.judge.samples import build_sample
from heitler.model.gan import build_gan, sample_cells_GeV
from heitler.showers import apply_threshold
from heitler.tracking.provenance import collect_provenance
from heitler.training.batch import validation_noise
from heitler.training.checkpoints import load_best
from heitler.validation.lines import build_settings
from heitler.validation.metrics import measure_quick
from heitler.validation.response import energy_bin_edges
from heitler.validation.trees import GROUPS, tree_features, trees_auc

RESULTS = Path(__file__).parent / "results" / "training_time.json"
QUICK = ("hits_ratio", "separation_ecal_sum", "layer_correlation", "longitudinal_max_deviation")
NETWORKS = {"high": "high-level", "cells": "cells", "cnn": "3D ResNet"}


def main() -> None:
    options = _parse()
    config = load_config().of_recipe("heitler")
    truth = read_showers(options.held_out)[: options.showers]
    known = json.loads(RESULTS.read_text())["epochs"] if RESULTS.is_file() else []
    there = {(row["epoch"], row["showers"]) for row in known}
    wanted = [epoch for epoch in options.epochs if (epoch, options.showers) not in there]
    with progress_bar("epochs", len(wanted)) as advance:
        for epoch in wanted:
            known.append(judge(epoch, config, truth))
            write_json(RESULTS, {"epochs": known, "made_by": collect_provenance()})
            advance()
    write_text(RESULTS.with_suffix(".md"), table(known))
    print(table(known))


def judge(epoch: int, config: Config, truth: Showers) -> dict[str, Any]:
    """Showers of the checkpoint of an epoch against those of Geant4."""
    summary = load_summary(Path("data/prepared/summary.json"))
    gan = build_gan(config.model.design, config.train, summary.image_shape)
    checkpoint = load_best(Path("data/training/heitler/checkpoints"), [{}] * epoch, "the last one")
    if checkpoint.epoch != epoch:
        raise SystemExit(f"epoch {epoch} is not kept: train with train.keep_checkpoints")
    checkpoint.restore(gan)
    noise = validation_noise(config.train.seed, len(truth), config.model.design.noise_dim)
    energy = truth.primary_energy_GeV
    cells = sample_cells_GeV(gan.exported, gan.design, noise, energy, truth.theta_rad)
    cells = apply_threshold(cells, config.prepare.cell_threshold_GeV)
    made = dataclasses.replace(truth, cells_GeV=cells)
    samples = [build_sample([part], 0.0, len(truth)) for part in (made, truth)]
    points = measure_curve(*samples, config.validate.classifiers, config.validate.seed)
    observed = [measure_cells(part.cells_GeV, energy) for part in (made, truth)]
    edges = energy_bin_edges(
        float(energy.min()), float(energy.max()), config.validate.energy_bins, "uniform"
    )
    quick = measure_quick(*observed, build_settings(config.validate, edges))
    aimed = {
        group: trees_auc(*(tree_features(part, group) for part in observed), config.validate.seed)
        for group in GROUPS
    }
    return {
        "epoch": epoch,
        "cycles": int(sum(one["cycles"] for one in checkpoint.history)),
        "minutes": sum(one["epoch_time_s"] for one in checkpoint.history) / 60,
        "showers": len(truth),
        **{point.classifier: point.auc for point in points},
        **{group: auc for group, (auc, _) in aimed.items()},
        **{name: float(quick[name]) for name in QUICK},
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one line per epoch."""
    titles = ["epochs", "cycles", "minutes", "N", *NETWORKS.values(), *GROUPS, "layer correlation"]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in sorted(rows, key=lambda row: (row["showers"], row["epoch"])):
        counts = [f"{row[key]:,.0f}" for key in ("epoch", "cycles", "minutes", "showers")]
        asked = [f"{row[name]:.2f}" for name in (*NETWORKS, *GROUPS, "layer_correlation")]
        lines.append(f"| {' | '.join([*counts, *asked])} |")
    return "\n".join(lines) + "\n"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("held_out", type=Path, help="showers that no training saw")
    parser.add_argument("--epochs", type=int, nargs="+", default=[4, 8, 16, 30])
    parser.add_argument("--showers", type=int, default=1000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
