"""Would the judge notice? Defects planted in real Geant4 showers, before the score card.

    python benchmarks/judge.py FOLDER [--showers 500] [--full] [--only "one layer mirrored"]

FOLDER holds Geant4 shower files of one detector; 4 N showers are needed: N are the truth, N get the
defect, the others are for the floor. The lines of means, profiles and spectra, with the small
multilayer perceptron that a card without its classifiers would have, are counted apart from those
that look at single showers: layers, trees, networks. Writes benchmarks/results/judge.json and
judge.md; finished defects are not judged again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from defects import DEFECTS

from heitler.base.files import write_json, write_text
from heitler.config import ValidateConfig, load_config
from heitler.data.hdf5 import Showers, concatenate, iterate_showers
from heitler.data.observables import Observables, measure_cells
from heitler.judge.curve import measure_curve
from heitler.judge.samples import build_sample
from heitler.showers import apply_threshold
from heitler.tracking.provenance import collect_provenance
from heitler.validation.card import score_card
from heitler.validation.classifier import classify
from heitler.validation.classifier_curve import card_lines
from heitler.validation.learned import NETWORKS, TREES
from heitler.validation.response import energy_bin_edges
from heitler.validation.score import Score
from heitler.validation.trees import high_level_features, low_level_features, with_energy

RESULTS = Path(__file__).parent / "results"
HONEST = "none"
THRESHOLD_GEV = 1e-6
SEEDS = 3
SINGLE_SHOWERS = {metric.name for metric in (*NETWORKS, *TREES)}
PLACES = {"precision", "recall", "density", "coverage"}
SHOWN = {
    "classifier_auc_high": "high",
    "classifier_auc_cells": "cells",
    "classifier_auc_cnn": "ResNet",
    **{metric.name: metric.name.removeprefix("classifier_auc_") for metric in TREES},
}


def main() -> None:
    options = _parse()
    config = load_config().validate
    showers = read(options.folder, 4 * options.showers)
    known = RESULTS / "judge.json"
    rows = json.loads(known.read_text())["defects"] if known.is_file() else []
    for name in options.only:
        if any(_same(row, name, showers, options) for row in rows):
            continue
        rows.append(judge(name, showers, options, config))
        write_json(known, {"defects": rows, "made_by": collect_provenance()})
    write_text(RESULTS / "judge.md", table(rows))
    print(table(rows))


def judge(
    name: str, showers: Showers, options: argparse.Namespace, config: ValidateConfig
) -> dict[str, Any]:
    """The card of the showers with this defect."""
    n, energy = options.showers, showers.primary_energy_GeV
    cells = showers.cells_GeV
    if name != HONEST:
        planted = DEFECTS[name](cells[n : 2 * n], energy[n : 2 * n], np.random.default_rng(1))
    else:
        planted = cells[n : 2 * n]
    made, truth, reference = (
        measure_cells(cells, energy)
        for cells, energy in (
            (planted, energy[n : 2 * n]),
            (cells[:n], energy[:n]),
            (cells[2 * n :], energy[2 * n :]),
        )
    )
    settings = config.full_classifiers if options.full else config.classifiers
    samples = (
        build_sample([_as_showers(showers, rows, images)], 0.0, settings.showers)
        for rows, images in ((slice(n, 2 * n), planted), (slice(n), cells[:n]))
    )
    points = measure_curve(*samples, settings, config.seed)
    edges = energy_bin_edges(
        float(energy.min()), float(energy.max()), config.energy_bins, "uniform"
    )
    scores = score_card(
        made, truth, reference, edges, config,
        trained_on_reference=False, networks=card_lines(points),
    )  # fmt: skip
    return {
        "defect": name,
        "showers": n,
        "angles": angles(showers),
        "full": options.full,
        "perceptron": perceptron(made, truth, config),
        "curve": [point.as_row() for point in points],
        "card": [score.as_json() for score in scores],
        "means": count([s for s in scores if not looks_at_single_showers(s)]),
        "single_showers": count([s for s in scores if looks_at_single_showers(s)]),
    }


def perceptron(made: Observables, truth: Observables, config: ValidateConfig) -> dict[str, float]:
    """AUC of the small classifier: of 25 high-level numbers and more, of 5 x 5 blocks a layer."""
    threshold = config.hit_threshold_MeV / 1e3
    high = [with_energy(high_level_features(s, threshold), s) for s in (made, truth)]
    coarse = [low_level_features(sample) for sample in (made, truth)]
    return {
        name: round(classify(rows[0], rows[1], SEEDS, config.seed).auc, 4)
        for name, rows in (("high", high), ("coarse cells", coarse))
    }


def looks_at_single_showers(score: Score) -> bool:
    return score.name in SINGLE_SHOWERS | PLACES or score.name.startswith("layer_")


def count(scores: list[Score]) -> dict[str, Any]:
    return {
        "lines": len(scores),
        "warn": [s.title for s in scores if s.verdict == "warn"],
        "fail": [s.title for s in scores if s.verdict == "fail"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: one line per defect."""
    titles = ["defect", "N", "degrees", "classifiers", "means and profiles: fail",
              "perceptron high, coarse", "single showers: fail", *SHOWN.values()]  # fmt: skip
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for row in rows:
        values = {line["name"]: line["value"] for line in row["card"]}
        aucs = [f"{values[name]:.2f}" if name in values else "" for name in SHOWN]
        counts = [
            f"{len(row[k]['fail'])} of {row[k]['lines']}" for k in ("means", "single_showers")
        ]
        small = ", ".join(f"{auc:.2f}" for auc in row["perceptron"].values())
        size = "full" if row["full"] else "small"
        cells = [
            row["defect"],
            str(row["showers"]),
            row["angles"],
            size,
            counts[0],
            small,
            counts[1],
            *aucs,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def read(folder: Path, most: int) -> Showers:
    """The first showers of the files in a folder, cells below the threshold 0."""
    parts, missing = [], most
    for path in sorted(folder.glob("*.h5")):
        for part in iterate_showers(path):
            parts.append(part[:missing])
            missing -= len(parts[-1])
            if not missing:
                joined = concatenate(parts)
                return _as_showers(
                    joined, slice(None), apply_threshold(joined.cells_GeV, THRESHOLD_GEV)
                )
    raise SystemExit(
        f"{folder}: {most - missing} showers, {most} needed. Ask for fewer: --showers."
    )


def _as_showers(showers: Showers, rows: slice, cells: Any) -> Showers:
    return Showers(
        cells,
        showers.primary_energy_GeV[rows],
        showers.theta_rad[rows],
        showers.event_id[rows],
        showers.cpu_seconds[rows],
        showers.particle,
    )


def angles(showers: Showers) -> str:
    """Where the particles come from, such as 80 to 100 degrees; 90 is perpendicular."""
    least, most = np.rad2deg(
        showers.theta_rad[[showers.theta_rad.argmin(), showers.theta_rad.argmax()]]
    )
    return f"{least:.0f}" if most - least < 0.5 else f"{least:.0f} to {most:.0f}"


def _same(row: dict[str, Any], name: str, showers: Showers, options: argparse.Namespace) -> bool:
    known = tuple(row[key] for key in ("defect", "showers", "angles", "full"))
    return known == (name, options.showers, angles(showers), options.full)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--showers", type=int, default=500)
    parser.add_argument("--full", action="store_true")
    names = [HONEST, *DEFECTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    return parser.parse_args()


if __name__ == "__main__":
    main()
