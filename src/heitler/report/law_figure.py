"""The law of large batches: deviation against updates, and against showers seen, by batch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heitler.report.style import MARKERS, SERIES, figure

Row = Mapping[str, Any]
ABSCISSAS = {"cycles": "Cycles (of four updates)", "showers_seen": "Showers seen"}
LEAST = 0.01
"""Where the ordinate begins, which is logarithmic."""


def draw_law(path: Path, rows: Sequence[Row], arms: Mapping[str, str], limit: float) -> None:
    """|R - 1| at low energy and the largest of any bin, against updates and showers seen.

    Args:
        path: of the SVG file.
        rows: of `heitler.degradation.curves.running_rows`.
        arms: labels by name, by growing batch: dark to light.
        limit: |R - 1| up to which a remedy cures.
    """
    shown = {arm: about for arm, about in arms.items() if any(r["arm"] == arm for r in rows)}
    with figure(path, width=9.0, height=6.4) as drawing:
        grid = drawing.subplots(2, 2, sharex="col", sharey=True)
        ordinates = {"deviation_low": "|R - 1| at low energy", "worst_bin": "Largest |R - 1|"}
        for axes_row, (ordinate, name) in zip(grid, ordinates.items(), strict=True):
            for axes, abscissa in zip(axes_row, ABSCISSAS, strict=True):
                _draw_curves(axes, rows, shown, abscissa, ordinate)
                axes.axhspan(LEAST, limit, color="0.9", linewidth=0, zorder=0)
                axes.set(xscale="log", yscale="log", ylim=(LEAST, 2))
                axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
            axes_row[0].set_ylabel(name)
        for axes, label in zip(grid[1], ABSCISSAS.values(), strict=True):
            axes.set_xlabel(label)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        drawing.legend(
            handles, labels, loc="outside upper center", ncols=3, fontsize=9, frameon=False
        )


def _draw_curves(
    axes: Axes, rows: Sequence[Row], arms: Mapping[str, str], abscissa: str, ordinate: str
) -> None:
    """One line per arm, the mean over the seeds that came so far; all seeds as thin lines."""
    for (arm, label), color, marker in zip(arms.items(), SERIES * 2, MARKERS * 2, strict=False):
        own = [r for r in rows if r["arm"] == arm]
        for seed in sorted({r["seed"] for r in own}):
            line = [r for r in own if r["seed"] == seed]
            x, y = ([r[key] for r in line] for key in (abscissa, ordinate))
            axes.plot(x, y, color=color, linewidth=0.5, alpha=0.5)
        places = sorted({r[abscissa] for r in own})
        mean = [np.mean([r[ordinate] for r in own if r[abscissa] == place]) for place in places]
        every = max(1, len(places) // 8)
        axes.plot(places, mean, color=color, marker=marker, markevery=every, label=label)
