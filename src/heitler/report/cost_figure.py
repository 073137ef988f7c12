"""What a shower costs, Geant4 beside the generator, against the primary energy."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.config import OURS, PUBLISHED, Recipe
from heitler.report.samples import STYLES
from heitler.report.style import ABOVE, GEANT4, POINTS, figure, plain_log_labels
from heitler.report.wording import LABELS

Row = dict[str, float]
COMPACT = {"color": STYLES[PUBLISHED]["color"], "linestyle": "--"}


def draw_cost(path: Path, rows_of: Mapping[Recipe, list[Row]], compact_cpu_s: float) -> None:
    """CPU seconds per shower on a logarithmic scale, and below how many times less it is.

    Rows of each recipe as `heitler.generation.timing.cost_by_energy` makes them; without Geant4's
    times only the generators are drawn. The compact generator's time, `compact_cpu_s`, is a line,
    because it does not depend on the energy.
    """
    with figure(path, height=5.0) as drawing:
        cost, ratio = drawing.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        rows = rows_of[OURS]
        energy = _column(rows, "energy_GeV")
        geant4, error = _column(rows, "geant4_cpu_s"), _column(rows, "geant4_cpu_s_error")
        if np.isfinite(geant4).any():
            cost.errorbar(energy, geant4, error, label="Geant4", **GEANT4, **POINTS)
        for recipe, own in rows_of.items():
            generated, style = _column(own, "generated_cpu_s"), STYLES[recipe]
            cost.errorbar(energy, generated, label=LABELS[recipe], **style, **POINTS)
            ratio.errorbar(energy, geant4 / generated, error / generated, **style, **POINTS)
        cost.axhline(compact_cpu_s, **COMPACT, label="published, compact")
        cost.set(yscale="log", ylabel="CPU time per shower (s)")
        plain_log_labels(cost.yaxis)
        cost.margins(y=0.1)
        cost.legend(**ABOVE | {"ncols": 4})
        ratio.set(xlabel="Primary energy (GeV)", ylabel="Geant4 / generated")
        ratio.margins(y=0.1)
        ratio.set_ylim(bottom=0)


def _column(rows: list[Row], name: str) -> NDArray[np.float64]:
    return np.array([row.get(name, np.nan) for row in rows], np.float64)
