"""Measured time per epoch and efficiency against the number of workers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, PercentFormatter, ScalarFormatter
from numpy.typing import NDArray

from heitler.report.style import MARKERS, POINTS, SERIES, figure

Row = dict[str, Any]
LABELS = {
    "weak": "weak scaling",
    "strong": "strong scaling",
    "independent": "independent processes",
}
SIDE_STEP = 0.02
"""Share of the number of workers by which points stand aside: error bars do not hide each other."""


def draw_efficiency(path: Path, rows: Sequence[Row]) -> None:
    """Time per epoch above, efficiency below, with 95% intervals and the ideal.

    Rows as `heitler.scaling.efficiency.compare_points` makes them. Independent processes do not
    train one model, so they have no epoch, only an efficiency.
    """
    workers = sorted({row["workers"] for row in rows})
    with figure(path, height=5.6) as drawing:
        time, efficiency = drawing.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for place, (kind, label) in enumerate(LABELS.items()):
            found = [row for row in rows if row["kind"] == kind]
            shift = 1 + SIDE_STEP * (place - 1)
            look = {"color": SERIES[place], "marker": MARKERS[place], "label": label}
            if not found:
                continue
            if kind != "independent":
                _ideal(time, found[0], workers)
                _draw(time, found, "epoch_time_s", shift, look)
            _draw(efficiency, found, "efficiency", shift, look)
        time.set(ylabel="Time per epoch (s)", xscale="log", yscale="log")
        time.plot([], [], color="0.5", linestyle="--", label="ideal")
        time.legend()
        efficiency.axhline(1, color="0.5", linewidth=1, linestyle="--")
        efficiency.set(xlabel="Workers (Horovod processes)", ylabel="Efficiency")
        efficiency.set_ylim(bottom=0)
        efficiency.legend(loc="lower left", fontsize=10)
        efficiency.yaxis.set_major_formatter(PercentFormatter(1.0))
        for axis in (time.xaxis, time.yaxis):
            axis.set_major_formatter(ScalarFormatter())
        time.set_xticks(workers)
        time.xaxis.set_minor_locator(NullLocator())


def _ideal(axes: Axes, first: Row, workers: Sequence[int]) -> None:
    ideal = first["epoch_time_s"] * first["workers"] / np.array(workers)
    axes.plot(workers, ideal, color="0.5", linewidth=1, linestyle="--", zorder=0)


def _draw(axes: Axes, rows: Sequence[Row], name: str, shift: float, look: dict[str, Any]) -> None:
    workers, value, low, high = (
        _column(rows, key) for key in ("workers", name, f"{name}_low", f"{name}_high")
    )
    error = np.clip([value - low, high - value], 0, None)
    axes.errorbar(shift * workers, value, error, **look, **POINTS)


def _column(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    return np.array([row[name] for row in rows], np.float64)
