"""The paper's Fig. 1: time per epoch against nodes, its numbers and ours, and the efficiency.

Measured time per epoch and efficiency against the number of workers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, PercentFormatter, ScalarFormatter
from numpy.typing import NDArray

from heitler.report.style import MARKERS, POINTS, SERIES, figure
from heitler.scaling.plan import PlanRow
from heitler.scaling.published import CLAIMED_EFFICIENCY, SYSTEMS, Rounded, efficiency

Float = NDArray[np.float64]
OURS, OURS_MARKER = SERIES[2], MARKERS[2]
LOWEST_EFFICIENCY = 0.6
"""Where the axis begins, if nothing is lower."""
PUBLISHED = tuple(zip(SYSTEMS, (SERIES[0], SERIES[1]), MARKERS, strict=False))
Row = dict[str, Any]
LABELS = {
    "weak": "weak scaling",
    "strong": "strong scaling",
    "independent": "independent processes",
}
SIDE_STEP = 0.02
"""Share of the number of workers by which points stand aside: error bars do not hide each other."""


def draw_epoch_time_by_nodes(
    path: Path, projected: Sequence[PlanRow], measured_s: Mapping[int, float], label: str
) -> None:
    """Time per epoch against nodes on logarithmic scales, and below the scaling efficiency.

    Args:
        path: SVG file to write.
        projected: ours, with intervals, drawn as a line in a band.
        measured_s: ours, seconds per epoch by nodes, drawn as points.
        label: what a node of ours is.
    """
    with figure(path, height=6.6) as drawing:
        time, share = drawing.subplots(2, 1, sharex=True, height_ratios=[2, 1.2])
        _draw_published(time, share)
        _draw_ours(time, share, projected, measured_s, label)
        time.set(xscale="log", yscale="log", ylabel="Time per epoch (s)")
        time.margins(y=0.08)
        time.legend(fontsize=9, loc="lower left")
        nodes = sorted({row.nodes for row in projected} | {1, 128, 256})
        share.set_xticks(nodes, [str(n) for n in nodes], fontsize=9)
        share.tick_params(axis="x", which="minor", bottom=False, top=False)
        lowest = min([LOWEST_EFFICIENCY, *(row.efficiency.low - 0.02 for row in projected)])
        share.set(xlabel="Nodes", ylabel="Scaling efficiency", ylim=(lowest, 1.06))
        share.legend(fontsize=9, loc="lower left")


def _draw_published(time: Axes, share: Axes) -> None:
    """Printed numbers with what their rounding allows, and lines of constant efficiency 1."""
    for system, color, marker in PUBLISHED:
        points = system.epoch_s
        common: dict[str, Any] = {"color": color, "marker": marker, "linestyle": "none"}
        time.errorbar(*_with_errors(points), **common, label=system.name)
        one = points[min(points)]
        ideal = np.array([1.0, max(points)])
        time.plot(ideal, one.value / ideal, color=color, linewidth=0.8, linestyle=":")
        shares = {n: efficiency(one, many, n) for n, many in points.items() if n > 1}
        share.errorbar(*_with_errors(shares), **common)
    share.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
    claimed = CLAIMED_EFFICIENCY.value
    label = f"the paper's sentence: {claimed:.0%}"
    share.axhline(claimed, color=PUBLISHED[1][1], linewidth=1, linestyle="--", label=label)


def _draw_ours(
    time: Axes,
    share: Axes,
    projected: Sequence[PlanRow],
    measured_s: Mapping[int, float],
    label: str,
) -> None:
    nodes = np.array([row.nodes for row in projected])
    for axes, name in ((time, "epoch_s"), (share, "efficiency")):
        estimates = [getattr(row, name) for row in projected]
        low, high = (np.array([getattr(e, end) for e in estimates]) for end in ("low", "high"))
        axes.fill_between(nodes, low, high, color=OURS, alpha=0.25, linewidth=0)
        best = np.array([estimate.value for estimate in estimates])
        axes.plot(nodes, best, color=OURS, label=f"{label}, projected" if axes is time else None)
    seconds = np.array(list(measured_s.values()))
    counts = np.array(list(measured_s))
    style: dict[str, Any] = {"color": OURS, "marker": OURS_MARKER, "linestyle": "none"}
    time.plot(counts, seconds, **style, label=f"{label}, measured")
    if 1 in measured_s:
        share.plot(counts, measured_s[1] / (counts * seconds), **style)


def _with_errors(points: Mapping[int, Rounded]) -> tuple[Float, Float, Float]:
    """Nodes, values, and errors below and above: (n,), (n,), (2, n)."""
    numbers = list(points.values())
    errors = np.array([[n.value - n.low for n in numbers], [n.high - n.value for n in numbers]])
    return np.array(list(points), float), np.array([n.value for n in numbers]), errors


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
