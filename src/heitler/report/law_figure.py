"""The law of large batches: deviation against updates, and against showers seen, by batch.

Also how R comes to 1: one worker and many, against cycles.
"""

from collections.abc import Mapping, Sequence
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


Rows = Mapping[str, Any]
COURSES = {"response_low": "R, lowest energies", "response_high": "R, highest energies"}
HIGHEST = 1.6
"""Where the ordinate ends; generators of the first cycles may deposit several times too much."""


def draw_course(path: Path, rows: Sequence[Rows], arms: Mapping[str, str]) -> None:
    """R in the lowest and in the highest bin as it is judged, had training ended there.

    Args:
        path: of the SVG file.
        rows: of `heitler.degradation.curves.running_rows`.
        arms: labels by name; one thin line per seed, and their mean.
    """
    with figure(path, width=9.0, height=4.0) as drawing:
        both = drawing.subplots(1, 2, sharey=True)
        for axes, (ordinate, name) in zip(both, COURSES.items(), strict=True):
            axes.axhline(1, color="black", linewidth=0.8)
            for (arm, label), color, marker in zip(
                arms.items(), SERIES[1:], MARKERS[1:], strict=False
            ):
                own = [r for r in rows if r["arm"] == arm]
                for seed in sorted({r["seed"] for r in own}):
                    x, y = _line([r for r in own if r["seed"] == seed], ordinate)
                    axes.plot(x, y, color=color, linewidth=0.6, alpha=0.6)
                x, y = _line(own, ordinate)
                every = max(1, len(x) // 8)
                axes.plot(x, y, color=color, marker=marker, markevery=every, label=label)
            axes.set(
                xscale="log", ylim=(0, HIGHEST), xlabel="Cycles (of four updates)", ylabel=name
            )
        handles, labels = both[0].get_legend_handles_labels()
        drawing.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)


def _line(rows: Sequence[Rows], ordinate: str) -> tuple[list[int], list[float]]:
    """Cycles, and the mean over the seeds that came so far."""
    places = sorted({r["cycles"] for r in rows})
    return places, [float(np.mean([r[ordinate] for r in rows if r["cycles"] == c])) for c in places]
