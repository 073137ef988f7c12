"""Everything that the report is made of, read from the files of the other stages."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heitler.base.errors import HeitlerError
from heitler.config import OURS, PUBLISHED, RECIPES, Recipe

STAGES = ("prepare", "scale", "project", "compact", "evolve", "degradation")
STAGES_OF_A_RECIPE = ("train", "generate", "validate")


class ReportError(HeitlerError):
    """Something that the report needs is missing or unreadable."""


@dataclass(frozen=True)
class RecipeResults:
    """Results of one recipe's training, its showers and how they were judged."""

    recipe: Recipe
    metrics: dict[str, dict[str, Any]]
    """By stage, `reports/<stage>/<recipe>/metrics.json`."""
    history: list[dict[str, float]]
    """One row per epoch."""
    cost_by_energy: list[dict[str, float]]
    """CPU time per shower, Geant4 and generator, in bins of primary energy."""
    cost_by_batch_size: list[dict[str, float]]
    """Time per generated shower."""
    card: list[dict[str, Any]]
    """`reports/validate/<recipe>/card.json`, one entry per line of the score card."""

    @property
    def found(self) -> dict[str, Any]:
        """What the stage `validate` has found."""
        return self.metrics["validate"]


@dataclass(frozen=True)
class ReportInputs:
    """Results of all stages."""

    summary: dict[str, Any]
    """`data/prepared/summary.json`"""
    metrics: dict[str, dict[str, Any]]
    """By stage, `reports/<stage>/metrics.json`."""
    recipes: dict[Recipe, RecipeResults]
    """By name, in the order in which they were trained."""
    degradation: list[str]
    """`reports/degradation/verdict.json`: what the large-batch study says."""
    reports: Path
    """Folder with the stages' figures."""

    @property
    def ours(self) -> RecipeResults:
        """Results of this project's recipe."""
        return self.recipes[OURS]

    @property
    def published(self) -> RecipeResults:
        """Results of the published recipe."""
        return self.recipes[PUBLISHED]


def load_inputs(data: Path, reports: Path) -> ReportInputs:
    """Read all inputs.

    Raises:
        ReportError: naming the file that is missing and the stage that makes it.
    """
    return ReportInputs(
        summary=_load_json(data / "prepared" / "summary.json", "prepare"),
        metrics={stage: _load_json(reports / stage / "metrics.json", stage) for stage in STAGES},
        recipes={recipe: _load_recipe(reports, recipe) for recipe in RECIPES},
        degradation=_load_json(reports / "degradation" / "verdict.json", "degradation"),
        reports=reports,
    )


def _load_recipe(reports: Path, recipe: Recipe) -> RecipeResults:
    train, generate, validate = (f"{stage}@{recipe}" for stage in STAGES_OF_A_RECIPE)

    def costs(name: str) -> list[dict[str, float]]:
        return _load_table(reports / "generate" / recipe / f"cost_by_{name}.csv", generate)

    return RecipeResults(
        recipe=recipe,
        metrics={
            stage: _load_json(reports / stage / recipe / "metrics.json", f"{stage}@{recipe}")
            for stage in STAGES_OF_A_RECIPE
        },
        history=_load_table(reports / "train" / recipe / "history.csv", train),
        cost_by_energy=costs("energy"),
        cost_by_batch_size=costs("batch_size"),
        card=_load_json(reports / "validate" / recipe / "card.json", validate),
    )


def require_figure(path: Path) -> Path:
    """The path, if the figure is there.

    Raises:
        ReportError: naming the stage that draws it; stages write to folders of their name, and
            in these to one for each recipe.
    """
    if not path.is_file():
        folder = path.parent
        stage = folder.parent.name if folder.name in RECIPES else folder.name
        named = f"{stage}@{folder.name}" if stage in STAGES_OF_A_RECIPE else stage
        raise _missing(path, named)
    return path


def _load_json(path: Path, stage: str) -> Any:
    if not path.is_file():
        raise _missing(path, stage)
    try:
        content = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ReportError(f"{path}: not valid JSON ({error}). {_remedy(stage)}") from None
    return content


def _load_table(path: Path, stage: str) -> list[dict[str, float]]:
    if not path.is_file():
        raise _missing(path, stage)
    with path.open(newline="") as file:
        rows = [
            {name: float(value) for name, value in row.items() if value}
            for row in csv.DictReader(file)
        ]
    if not rows:
        raise ReportError(f"{path}: no rows in it. {_remedy(stage)}")
    return rows


def _missing(path: Path, stage: str) -> ReportError:
    return ReportError(f"{path}: not found. {_remedy(stage)}")


def _remedy(stage: str) -> str:
    return f"Run its stage: dvc repro {stage}"
