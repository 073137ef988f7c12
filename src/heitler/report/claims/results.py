"""The stages' results as the claims need them; what a stage has not made is said, not guessed."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heitler.base.errors import HeitlerError
from heitler.config import PUBLISHED

GENERATE, TRAIN, VALIDATE = (f"{stage}@{PUBLISHED}" for stage in ("generate", "train", "validate"))
"""Stages of the published recipe, which the paper's claims are about."""
STUDIES = "reference"
"""Begins the names of kept studies, as "reference/fig2"."""


class NotMeasuredError(HeitlerError):
    """A stage has not run, or an older version of it has."""


@dataclass(frozen=True)
class Results:
    """Files under a `reports` folder."""

    reports: Path
    """With a folder per stage; in `reference` the kept studies, unless itself is one of them."""

    def metric(self, stage: str, name: str) -> Any:
        """An entry of `reports/<stage>/metrics.json`; a recipe's is in a folder of its own.

        Raises:
            NotMeasuredError: naming the stage to run.
        """
        metrics = self._json(stage, "metrics.json")
        if metrics.get(name) is None:
            raise NotMeasuredError(f"Stage {stage} gave no {name}. Run: dvc repro {stage}")
        return metrics[name]

    def has(self, stage: str, name: str = "metrics.json") -> bool:
        """Whether the stage has left this file."""
        return (self._place(stage) / name).is_file()

    def names(self, stage: str) -> list[str]:
        """Names of the stage's metrics."""
        return list(self._json(stage, "metrics.json"))

    def card(self, stage: str) -> list[dict[str, Any]]:
        """Lines of the score card."""
        lines: list[dict[str, Any]] = self._json(stage, "card.json")
        return lines

    def rows(self, stage: str, table: str) -> list[dict[str, Any]]:
        """Rows of a CSV file; what looks like a number is one, empty cells are left out."""
        path = self._path(stage, table)
        with path.open(newline="") as file:
            rows = [
                {name: _number(value) for name, value in row.items() if value}
                for row in csv.DictReader(file)
            ]
        if not rows:
            raise NotMeasuredError(f"{path} has no rows. Run: dvc repro {stage}")
        return rows

    def row(self, stage: str, table: str, **wanted: Any) -> dict[str, Any]:
        """The first row of a CSV file with these entries."""
        for row in self.rows(stage, table):
            if all(row.get(name) == value for name, value in wanted.items()):
                return row
        what = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise NotMeasuredError(
            f"Stage {stage} was run without {what}: parameters may leave it out. "
            f"Run: dvc repro {stage}"
        )

    def _json(self, stage: str, name: str) -> Any:
        path = self._path(stage, name)
        try:
            return json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise NotMeasuredError(
                f"{path}: not valid JSON ({error}). Run: dvc repro {stage}"
            ) from None

    def _place(self, stage: str) -> Path:
        """ "validate@paper" -> reports/validate/paper."""
        study = self.reports.parent.joinpath(*Path(stage).parts[1:])
        if stage.startswith(STUDIES) and not (self.reports / STUDIES).is_dir():
            return study
        return self.reports.joinpath(*stage.split("@"))

    def _path(self, stage: str, name: str) -> Path:
        path = self._place(stage) / name
        if not path.is_file():
            raise NotMeasuredError(f"Stage {stage} has not run. Run: dvc repro {stage}")
        return path


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
