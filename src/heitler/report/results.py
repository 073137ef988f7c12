"""What the stages have found: every file of theirs is read here, and once.

What a stage has not made is said, not guessed.
"""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heitler.base.errors import HeitlerError
from heitler.config import OURS, PUBLISHED, RECIPES, EvolveConfig, Recipe
from heitler.evolution.summary import EvolutionResults
from heitler.scaling.holdouts import Residual

Row = dict[str, Any]
STAGES = ("prepare", "scale", "project", "compact", "evolve", "degradation")
STAGES_OF_A_RECIPE = ("train", "generate", "validate")
GENERATE, TRAIN, VALIDATE = (f"{stage}@{PUBLISHED}" for stage in ("generate", "train", "validate"))
"""Stages of the published recipe, which the paper's claims are about."""
STUDIES = "reference"
"""Begins the names of kept studies, as "reference/fig2"."""


class MissingResultError(HeitlerError):
    """A stage has not run, an older version of it has, or its file is damaged."""


@dataclass(frozen=True)
class RecipeResults:
    """One recipe's training, its showers and how they were judged."""

    recipe: Recipe
    history: list[dict[str, float]]
    """One row per epoch."""
    selected_epoch: int | None
    """The one whose networks are exported; results kept before it was written have none."""
    generated: Row
    """Metrics of the stage `generate`."""
    cost_by_energy: list[dict[str, float]]
    """CPU time per shower, Geant4 and generator, in bins of primary energy."""
    cost_by_batch_size: list[dict[str, float]]
    """Time per generated shower."""
    found: Row
    """Metrics of the stage `validate`."""
    response: list[Row]
    """R, generated over Geant4, in bins of primary energy; empty where no bin has showers."""
    card: list[Row]
    """One entry per line of the score card."""


@dataclass(frozen=True)
class Results:
    """Files under a `reports` folder, by stage; a recipe's are those of stage `train@paper`."""

    reports: Path
    """With a folder per stage; in `reference` the kept studies, unless itself is one of them."""
    data: Path = Path("data")
    _read: dict[Path, Any] = field(default_factory=dict, repr=False, compare=False)

    def metrics(self, stage: str) -> Row:
        """The stage's numbers by name: `reports/<stage>/metrics.json`."""
        found: Row = self._json(stage, self._place(stage) / "metrics.json")
        return found

    def metric(self, stage: str, name: str) -> Any:
        """One of them.

        Raises:
            MissingResultError: naming the stage to run.
        """
        if self.metrics(stage).get(name) is None:
            raise MissingResultError(f"Stage {stage} gave no {name}. Run: dvc repro {stage}")
        return self.metrics(stage)[name]

    def has(self, stage: str, name: str = "metrics.json") -> bool:
        """Whether the stage has left this file."""
        return (self._place(stage) / name).is_file()

    def card(self, stage: str) -> list[Row]:
        """Lines of the score card."""
        lines: list[Row] = self._json(stage, self._place(stage) / "card.json")
        return lines

    def rows(self, stage: str, table: str) -> list[Row]:
        """Rows of a CSV file; what looks like a number is one, empty cells are left out."""
        path = self._place(stage) / table
        if path not in self._read:
            with _there(path, stage).open(newline="") as file:
                self._read[path] = [
                    {name: _value(text) for name, text in row.items() if text}
                    for row in csv.DictReader(file)
                ]
        rows: list[Row] = self._read[path]
        if not rows:
            raise MissingResultError(f"{path}: no rows in it. Run: dvc repro {stage}")
        return rows

    def row(self, stage: str, table: str, **wanted: Any) -> Row:
        """The first row of a CSV file with these entries."""
        for row in self.rows(stage, table):
            if all(row.get(name) == value for name, value in wanted.items()):
                return row
        what = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise MissingResultError(
            f"Stage {stage} was run without {what}: parameters may leave it out. "
            f"Run: dvc repro {stage}"
        )

    @property
    def summary(self) -> Row:
        """What `prepare` found out: `data/prepared/summary.json`."""
        found: Row = self._json("prepare", self.data / "prepared" / "summary.json")
        return found

    @property
    def residuals(self) -> list[Residual]:
        """Predicted beside published times."""
        return [Residual.of(row) for row in self.rows("project", "residuals.csv")]

    @property
    def verdict(self) -> list[str]:
        """What the large-batch study says."""
        said: list[str] = self._json("degradation", self._place("degradation") / "verdict.json")
        return said

    def evolution(self, config: EvolveConfig) -> EvolutionResults:
        """What the stage `evolve` has found of the strategies of `config`."""
        try:
            return EvolutionResults.of(self.metrics("evolve"), config)
        except KeyError as missing:
            raise MissingResultError(
                f"Stage evolve gave no {missing.args[0]}. Run: dvc repro evolve"
            ) from None

    def of_recipe(self, recipe: Recipe) -> RecipeResults:
        """All of a recipe."""
        train, generate, validate = (f"{stage}@{recipe}" for stage in STAGES_OF_A_RECIPE)
        return RecipeResults(
            recipe,
            history=self.rows(train, "history.csv"),
            selected_epoch=self.metrics(train).get("selected_epoch"),
            generated=self.metrics(generate),
            cost_by_energy=self.rows(generate, "cost_by_energy.csv"),
            cost_by_batch_size=self.rows(generate, "cost_by_batch_size.csv"),
            found=self.metrics(validate),
            response=self.rows(validate, "response.csv"),
            card=self.card(validate),
        )

    @property
    def recipes(self) -> list[RecipeResults]:
        """Of every recipe, in the order in which they were trained."""
        return [self.of_recipe(recipe) for recipe in RECIPES]

    @property
    def ours(self) -> RecipeResults:
        """Of this project's recipe."""
        return self.of_recipe(OURS)

    def figure(self, name: str) -> Path:
        """A figure's file: stages write to folders of their name, and in these to one per recipe.

        Raises:
            MissingResultError: naming the stage that draws it.
        """
        path = self.reports / name
        stage, *recipe = Path(name).parent.parts
        return _there(path, "@".join([stage, *recipe]) if stage in STAGES_OF_A_RECIPE else stage)

    def _json(self, stage: str, path: Path) -> Any:
        if path not in self._read:
            text = _there(path, stage).read_text()
            try:
                self._read[path] = json.loads(text)
            except json.JSONDecodeError as error:
                raise MissingResultError(
                    f"{path}: not valid JSON ({error}). Run: dvc repro {stage}"
                ) from None
        return self._read[path]

    def _place(self, stage: str) -> Path:
        """ "validate@paper" -> reports/validate/paper."""
        if stage.startswith(STUDIES) and not (self.reports / STUDIES).is_dir():
            return self.reports.parent.joinpath(*Path(stage).parts[1:])
        return self.reports.joinpath(*stage.split("@"))


def _there(path: Path, stage: str) -> Path:
    if not path.is_file():
        raise MissingResultError(
            f"{path}: not found, stage {stage} has not run. Run: dvc repro {stage}"
        )
    return path


def _value(text: str) -> str | float | bool:
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text
