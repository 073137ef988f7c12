"""The table of runs: a name that links to the run's page in MLflow, and the main numbers."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAKE_UI = "http://127.0.0.1:5000"
"""Where `make ui` shows the runs."""


@dataclass(frozen=True)
class RunRow:
    """A training."""

    name: str
    link: str
    cells: tuple[tuple[str, str], ...]
    """Heading and text."""


def run_rows(runs: Sequence[Mapping[str, Any]]) -> list[RunRow]:
    """Rows of `heitler.tracking.comparison.compare_runs`, as text."""
    return [
        RunRow(
            name=str(run["run"]),
            link=f"{mlflow_address()}/{run['mlflow_page']}",
            cells=tuple((heading, _text(run.get(key), form)) for key, heading, form in COLUMNS),
        )
        for run in runs
    ]


def mlflow_address() -> str:
    """The tracking server's where there is one, or that of `make ui`."""
    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    return address.rstrip("/") if address.startswith(("http://", "https://")) else MAKE_UI


COLUMNS = (
    ("recipe", "Recipe", "s"),
    ("workers", "Workers", ".0f"),
    ("global_batch_size", "Batch", ".0f"),
    ("epochs", "Epochs", ".0f"),
    ("epoch_time_s", "s / epoch", ".1f"),
    ("showers_per_second", "Showers / s", ".1f"),
    ("communication_percent", "Comm. %", ".1f"),
    ("response_worst_deviation", "Worst |R - 1|", ".3f"),
)


def _text(value: Any, form: str) -> str:
    return "" if value is None else format(value, form)
