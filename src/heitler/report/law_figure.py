"""The law of large batches: deviation against updates, and against showers seen, by batch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heitler.degradation.law import BATCH, Row, mean_course
from heitler.report.style import MARKERS, SERIES, figure

ABSCISSAS = {"cycles": "Cycles (of four updates)", "showers_seen": "Showers seen"}
ORDINATES = {"deviation_low": "|R - 1| at low energy", "worst_bin": "Largest |R - 1|"}
LEAST, MOST = 0.01, 2.0
"""Where the ordinate begins and ends, which is logarithmic."""
MARKS = 6
"""Points of a curve that have a marker and an interval."""


def draw_law(path: Path, rows: Sequence[Row], limit: float) -> None:
    """|R - 1| at low energy and the largest of any bin, against updates and showers seen.

    Args:
        path: of the SVG file.
        rows: of `heitler.degradation.law.longest_of_each_batch`; one curve per batch: the mean
            over seeds with its 95% interval, and a thin line per seed.
        limit: |R - 1| up to which a remedy cures.
    """
    with figure(path, width=9.0, height=6.8) as drawing:
        grid = drawing.subplots(2, 2, sharex="col", sharey=True)
        for axes_row, (ordinate, name) in zip(grid, ORDINATES.items(), strict=True):
            for axes, abscissa in zip(axes_row, ABSCISSAS, strict=True):
                for number, batch in enumerate(sorted({row[BATCH] for row in rows})):
                    own = [row for row in rows if row[BATCH] == batch]
                    _draw_batch(axes, own, (abscissa, ordinate), number, f"batch {batch:,}")
                axes.axhspan(LEAST, limit, color="0.9", linewidth=0, zorder=0)
                axes.set(xscale="log", yscale="log", ylim=(LEAST, MOST))
                axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
            axes_row[0].set_ylabel(name)
        for axes, label in zip(grid[1], ABSCISSAS.values(), strict=True):
            axes.set_xlabel(label)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        drawing.legend(
            handles, labels, loc="outside upper center", ncols=5, fontsize=10, frameon=False
        )


def _draw_batch(
    axes: Axes, rows: Sequence[Row], columns: tuple[str, str], number: int, label: str
) -> None:
    style: dict[str, Any] = {"color": SERIES[number % len(SERIES)]}
    for seed in sorted({row["seed"] for row in rows}):
        own = [row for row in rows if row["seed"] == seed]
        axes.plot(*([row[c] for row in own] for c in columns), **style, linewidth=0.5, alpha=0.4)
    course = mean_course(rows, *columns)
    x = np.array([place for place, _ in course])
    y, low, high = (
        np.array([getattr(mean, name) for _, mean in course]) for name in ("value", "low", "high")
    )
    marker = MARKERS[number % len(MARKERS)]
    wanted = np.geomspace(x[0], x[-1], MARKS)
    marks = sorted({int(np.argmin(np.abs(np.log(x / place)))) for place in wanted})
    axes.plot(x, y, **style, marker=marker, markevery=marks, label=label)
    bars = y - np.maximum(low, LEAST / 2), high - y
    axes.errorbar(
        x[marks], y[marks], [np.maximum(bar[marks], 0) for bar in bars],
        **style, linestyle="none", elinewidth=1.0, alpha=0.8,
    )  # fmt: skip
