"""Keep the trained generator as a reference model, with its score card, in reports/reference/.

    python benchmarks/reference.py heitler [--judged FOLDER]
    python benchmarks/reference.py default

Run it after `dvc repro validate@heitler`, or after `heitler validate ... --full --output FOLDER` on
showers of the trained generator (docs/recipe.md has the whole commands). From what these left it
copies the generator (recipe heitler only: that is what `heitler generate` uses before any
training), the parameters, the learning curve, the score card, what classifiers said and the
response, writes where they come from and a README with the targets, and puts our recipe's figures
into headlines.json.

`default`, after `make repro` with the parameters of the repository, keeps that run in
reports/reference/default: the page, every stage's numbers, the parameters, where it comes from. How
many lines of our recipe's score card fail goes into headlines.json.
"""

import argparse
import csv
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from heitler.base.files import merge_headlines, write_json, write_text
from heitler.config import OURS, RECIPES, load_config
from heitler.report.card_page import card_rows, count_verdicts
from heitler.report.results import STAGES, STAGES_OF_A_RECIPE
from heitler.tracking.provenance import collect_provenance

DEFAULT = "default"
REPORTS, PARAMS = Path("reports"), Path("params.yaml")
REFERENCE = REPORTS / "reference"
STAGES_KEPT = ("simulate", *STAGES, *STAGES_OF_A_RECIPE, "report")
NUMBERS = (".json", ".csv", ".md")
TARGETS = {
    "response_max_deviation": ("largest abs(R - 1), any energy bin", 0.05),
    "longitudinal_max_deviation": ("longitudinal profile, largest deviation", 0.10),
    "separation_ecal_sum": ("S(Esum)", 0.02),
    "classifier_auc_high": ("AUC, dense network on high-level features", 0.87),
    "classifier_auc_cells": ("AUC, dense network on all cells", 0.87),
    "classifier_auc_cnn": ("AUC, 3D ResNet", 0.95),
}
CURVE = (
    "epoch",
    "epoch_time_s",
    "updates",
    "showers_per_second",
    "learning_rate",
    "response_worst_deviation",
    "longitudinal_profile_error",
    "transverse_profile_error",
    "separation_ecal_sum",
    "hits_ratio",
    "selection_score",
)
MEAN_RESPONSE = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", choices=[*RECIPES, DEFAULT], help="what is kept")
    parser.add_argument("--judged", type=Path, help="folder that `heitler validate` wrote")
    options = parser.parse_args()
    if options.recipe == DEFAULT:
        keep_default()
    else:
        judged = options.judged or Path("reports/validate") / options.recipe
        keep(options.recipe, judged)


def keep(recipe: str, judged: Path) -> None:
    """Copy what a training and its judge left, and describe it."""
    folder = REFERENCE if recipe == OURS else REFERENCE / recipe
    folder.mkdir(parents=True, exist_ok=True)
    generator = Path("data/training") / recipe / "generator"
    if recipe == OURS:
        shutil.copytree(generator, folder / "generator", dirs_exist_ok=True)
    params = yaml.safe_load(Path("params.yaml").read_text())
    write_text(folder / "params.yaml", yaml.safe_dump(params, sort_keys=False))
    history = read_history(recipe, folder)
    for name in ("card.json", "response.csv", "classifiers.csv", "classifiers.json"):
        if (judged / name).is_file():
            shutil.copy(judged / name, folder / name)
    card = {score["name"]: score for score in json.loads((folder / "card.json").read_text())}
    summary = json.loads(Path("data/prepared/summary.json").read_text())
    about = {
        "showers": summary["showers"],
        "simulation": summary["simulation"],
        "data_sha256": summary["digest"],
        "selected_epoch": json.loads((generator / "generator.json").read_text())["selected_epoch"],
        "training_seconds": sum(float(epoch["epoch_time_s"]) for epoch in history),
        "cycles": sum(float(epoch["cycles"]) for epoch in history),
        "workers": load_config().of_recipe(recipe).train.workers,
        "made_by": {**collect_provenance(), "data": {}},  # data_sha256 says which
    }
    write_json(folder / "about.json", about)
    if recipe == OURS and (folder / "classifiers.json").is_file():
        found = json.loads((folder / "classifiers.json").read_text())
        minutes = round(about["training_seconds"] / 60, 1)
        merge_headlines("generator", {**found, "train_minutes": minutes})
    write_text(folder / "README.md", "\n".join(describe(recipe, card, about, judged)))
    print((folder / "README.md").read_text())


def keep_default() -> None:
    """Page and numbers of the run that `make repro` ended with, instead of those kept before."""
    kept = REFERENCE / DEFAULT
    page = REPORTS / "index.html"
    if not page.is_file():
        raise SystemExit(f"{page}: not found. Run the pipeline first: make repro")
    shutil.rmtree(kept, ignore_errors=True)
    numbers = (path for stage in STAGES_KEPT for path in sorted((REPORTS / stage).rglob("*")))
    for path in (page, *(path for path in numbers if path.suffix in NUMBERS)):
        (kept / path.relative_to(REPORTS)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept / path.relative_to(REPORTS))
    shutil.copy(PARAMS, kept / PARAMS)
    about = collect_provenance()
    write_json(kept / "about.json", about)
    cards = {r: json.loads((kept / f"validate/{r}/card.json").read_text()) for r in RECIPES}
    write_text(kept / "README.md", describe_default(about, cards))
    failing = sum(score["verdict"] == "fail" for score in cards[OURS])
    merge_headlines("generator", {"default_fail_lines": failing})
    print((kept / "README.md").read_text())


def describe_default(about: dict[str, Any], cards: dict[str, list[dict[str, Any]]]) -> str:
    """What is in the folder, and what the score cards say."""
    summary = json.loads(Path("data/prepared/summary.json").read_text())
    code, machine = about["code"], about["machine"]
    changed = ", with uncommitted changes" if code.get("uncommitted_changes") else ""
    return "\n".join(
        [
            "# What `make repro` ends with",
            "",
            "[The page](index.html) (download it, then open it in a browser) and the numbers of "
            "every stage, with [the repository's parameters](params.yaml). "
            f"{summary['showers']['train']} training showers, {machine['cores']} cores "
            f"({machine['cpu']}), commit {code.get('git_commit', 'unknown')[:7]}{changed}; the "
            "rest of it: `about.json`.",
            "",
            *(f"- Recipe `{name}`: {count_verdicts(card)}." for name, card in cards.items()),
            "",
            "A run writes the same files to `reports/`, which git ignores; "
            "`python benchmarks/reference.py default` keeps them here.",
            "",
        ]
    )


def read_history(recipe: str, folder: Path) -> list[dict[str, str]]:
    """The learning curve; the columns that tell the physics are kept."""
    with (Path("reports/train") / recipe / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, CURVE, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(history)
    return history


def describe(recipe: str, card: dict[str, Any], about: dict[str, Any], judged: Path) -> list[str]:
    with (judged / "response.csv").open() as file:
        response = list(csv.DictReader(file))
    deviations = [abs(float(row["response_ratio"]) - 1) for row in response]
    floors = [abs(float(row["response_ratio_floor"]) - 1) for row in response]
    mean, floor = sum(deviations) / len(deviations), sum(floors) / len(floors)
    rows = [
        (title, card[name]["value"], card[name]["error"], card[name]["floor"], target)
        for name, (title, target) in TARGETS.items()
    ]
    rows.insert(1, ("mean abs(R - 1) over the energy bins", mean, None, floor, MEAN_RESPONSE))
    showers = about["showers"]
    return [
        f"# Recipe `{recipe}`, trained for {about['cycles']:.0f} cycles",
        "",
        f"{about['workers']} worker, {about['training_seconds']:,.0f} s of wall time on "
        "cores shared with (and at times stopped for) other work; "
        f"{showers['train']} Geant4 showers of 10-100 GeV; judged on showers that training never "
        f"saw. Epoch {about['selected_epoch']} is kept.",
        "",
        "| | value | error | Geant4 against itself | target | reached |",
        "|---|---|---|---|---|---|",
        *(
            f"| {title} | {value:.4f} | {'' if error is None else f'{error:.4f}'} | {floor:.4f} "
            f"| {limit} | {'yes' if abs(value) <= limit else 'no'} |"
            for title, value, error, floor, limit in rows
        ),
        "",
        f"Score card: {count_verdicts(list(card.values()))}. Lines that do not pass:",
        "",
        "| | value | Geant4 against itself | passes within | verdict |",
        "|---|---|---|---|---|",
        *(
            f"| {row.title} | {row.value} | {row.floor} | {row.threshold} | {row.verdict} |"
            for row in card_rows(list(card.values()))
            if row.verdict != "pass"
        ),
        "",
        "All lines of the score card: `card.json` (docs/physics.md). Learning curve: "
        "`history.csv`. Parameters: `params.yaml`. Data and code: `about.json`. How to train it "
        "again: docs/recipe.md.",
        "",
    ]


if __name__ == "__main__":
    main()
