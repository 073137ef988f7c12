"""The page of the score card's metrics: formulas and sources from the code, limits from params."""

from pathlib import Path

from heitler.config import PARAMS_FILE, load_config
from heitler.documentation.parameters import cell
from heitler.validation.metrics import all_metrics, limit_of

HEAD = """# Metrics of the score card

Each number compares generated with Geant4's showers. How a line is judged, with its error and the
floor of Geant4 against itself, is in [Is the physics right?](physics.md). This page is made from
`src/heitler/validation/metrics.py`; limits, for which `validate.limits` in `params.yaml` may have
others, say how far from the perfect value a number may be.

| name | what | formula | unit | perfect | passes | is a warning | source |
|---|---|---|---|---|---|---|---|
"""


def metrics_page(params: Path = PARAMS_FILE) -> str:
    """The page in Markdown."""
    limits = load_config(params).validate.limits
    rows = []
    for metric in all_metrics():
        passes, warns = limit_of(metric.name, limits)
        cells = (
            f"`{metric.name}`",
            metric.title,
            metric.formula,
            metric.unit,
            f"{metric.perfect:g}",
            f"{passes:g}",
            f"{warns:g}",
            metric.source,
        )
        rows.append(f"| {' | '.join(map(cell, cells))} |\n")
    return HEAD + "".join(rows)
