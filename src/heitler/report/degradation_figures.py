"""The paper's Fig. 2 with our arms, and a forest plot of what each arm changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from heitler.report.style import GEANT4, MARKERS, POINTS, SERIES, figure, main_and_ratio

Row = Mapping[str, Any]
ROLE_COLORS = {
    "reference": SERIES[0],
    "baseline": SERIES[1],
    "cause": SERIES[3],
    "remedy": SERIES[2],
    "ingredient": SERIES[4],
}
LINEAR_UP_TO = 0.1
"""Of the forest plot's abscissa, which is logarithmic beyond."""
LARGEST_RATIO = 3.0
"""From which on the ratio is drawn on a logarithmic scale."""


def draw_response_by_arm(path: Path, rows: Sequence[Row], arms: Mapping[str, str]) -> None:
    """Fig. 2: deposited over primary energy against primary energy, and the ratio to Geant4.

    Args:
        path: of the SVG file.
        rows: of `response_rows`, of the statistics in use.
        arms: labels by name, in the order of drawing.
    """
    with figure(path, width=7.4, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        first = [r for r in rows if r["arm"] == rows[0]["arm"] and r["seed"] == rows[0]["seed"]]
        x = np.array([r["energy_GeV"] for r in first])
        mean, error = (np.array([r[key] for r in first]) for key in ("geant4", "geant4_error"))
        around = {"markersize": 10, "markerfacecolor": "none"}  # others may lie upon it
        main.errorbar(x, mean, error, label="Geant4", **GEANT4, **(POINTS | around))
        for (name, label), color, marker in zip(
            arms.items(), SERIES[1:], MARKERS[1:], strict=False
        ):
            own = [r for r in rows if r["arm"] == name]
            if own:
                _draw_arm(main, own, "sampling_fraction", color, marker, label)
                _draw_arm(ratio, own, "response_ratio", color, marker, label)
        main.set(ylabel=r"$E_{sum}$ / $E_p$")
        _log_scale(main)
        main.legend(fontsize=9, loc="best")
        ratio.set(xlabel="Primary energy (GeV)", ylabel="To Geant4")
        if max(r["response_ratio"] for r in rows if r["arm"] in arms) > LARGEST_RATIO:
            _log_scale(ratio)
        else:
            ratio.set_ylim(0, LARGEST_RATIO)


def _log_scale(axes: Axes) -> None:
    """With plain numbers at 1, 2 and 5 of every decade."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_arm(
    axes: Axes, rows: Sequence[Row], column: str, color: str, marker: str, label: str
) -> None:
    """Mean over seeds; bars are the standard error over seeds, or the bootstrap's for one seed.

    The band reaches from the lowest to the highest seed.
    """
    lows = sorted({r["energy_low_GeV"] for r in rows})
    bins = [[r for r in rows if r["energy_low_GeV"] == low] for low in lows]
    x = [b[0]["energy_GeV"] for b in bins]
    mean = [float(np.mean([r[column] for r in b])) for b in bins]
    error = [
        float(np.hypot(_spread([r[column] for r in b]), np.mean([r[f"{column}_error"] for r in b])))
        for b in bins
    ]
    axes.errorbar(x, mean, error, color=color, marker=marker, label=label, linewidth=1)
    if any(len(b) > 1 for b in bins):
        low, high = ([end(r[column] for r in b) for b in bins] for end in (min, max))
        axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def draw_effects(path: Path, rows: Sequence[Row], limit: float) -> None:
    """Forest plot: |R - 1| of every arm, at low energy with its 95% interval, and in its worst bin.

    An arm of one seed has an open marker and no interval: its error says nothing of other seeds.

    Args:
        path: of the SVG file.
        rows: of `ArmResult.row`.
        limit: |R - 1| up to which a remedy cures, if the worst bin is within it as well.
    """
    with figure(path, width=9.0, height=1.8 + 0.34 * len(rows)) as drawing:
        axes = drawing.subplots()
        axes.axvspan(0, limit, color="0.88", linewidth=0, zorder=0)
        for place, row in enumerate(reversed(rows)):
            _draw_deviation(axes, place, row)
        axes.set_xscale("symlog", linthresh=LINEAR_UP_TO)
        axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
        axes.set_xlim(0, None)
        axes.set_yticks(range(len(rows)), [row["about"] for row in reversed(rows)], fontsize=9)
        axes.tick_params(axis="y", which="both", left=False, right=False)
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlabel(f"|R - 1|, linear up to {LINEAR_UP_TO:g}")
        drawing.legend(
            handles=_legend(rows, limit),
            fontsize=9,
            loc="outside upper center",
            ncols=4,
            frameon=False,
        )


def _draw_deviation(axes: Axes, place: int, row: Row) -> None:
    color, value = ROLE_COLORS[row["role"]], row["deviation"]
    if row["dead"]:
        axes.plot(value, place, color=color, marker="x", linestyle="none")
        return
    axes.plot(row["worst_bin"], place, color=color, marker="|", markersize=11, linestyle="none")
    if row["seeds"] == 1:
        axes.plot(value, place, color=color, marker="o", markerfacecolor="white", linestyle="none")
        return
    low, high = max(row["deviation_low"], 0.0), row["deviation_high"]
    error = [[value - low], [high - value]]
    axes.errorbar(value, place, xerr=error, color=color, marker="o", **POINTS)


def _legend(rows: Sequence[Row], limit: float) -> list[Line2D | Patch]:
    """An entry for everything that is drawn."""
    roles = {
        "reference": "one worker",
        "baseline": "many workers",
        "cause": "causes",
        "remedy": "remedies",
        "ingredient": "a remedy's choice undone",
    }
    alive = [row for row in rows if not row["dead"]]
    marks = (
        ("o", "black", "low energy, 95% over seeds", any(row["seeds"] > 1 for row in alive)),
        ("o", "white", "low energy, one seed", any(row["seeds"] == 1 for row in alive)),
        ("|", "black", "largest of any bin", bool(alive)),
        ("x", "black", "deposits nothing", len(alive) < len(rows)),
    )
    drawn = {row["role"] for row in rows}
    return [
        *(
            Patch(color=ROLE_COLORS[role], label=label)
            for role, label in roles.items()
            if role in drawn
        ),
        *(
            Line2D([], [], color="black", marker=marker, markerfacecolor=face, linestyle="none",
                   label=label)
            for marker, face, label, there in marks
            if there
        ),
        Patch(color="0.88", label=f"within {limit:g}"),
    ]  # fmt: skip
