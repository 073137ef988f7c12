"""The paper's Fig. 2 with our arms, and a forest plot of what each arm changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heitler.report.style import GEANT4, MARKERS, POINTS, SERIES, figure, main_and_ratio

Row = Mapping[str, Any]
ROLE_COLORS = {"baseline": SERIES[1], "cause": SERIES[3], "remedy": SERIES[2]}
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
        main.errorbar(x, mean, error, label="Geant4", **GEANT4, **POINTS)
        for (name, label), color, marker in zip(
            arms.items(), SERIES[1:], MARKERS[1:], strict=False
        ):
            own = [r for r in rows if r["arm"] == name]
            if own:
                _draw_arm(main, own, "sampling_fraction", color, marker, label)
                _draw_arm(ratio, own, "response_ratio", color, marker, label)
        main.set(ylabel=r"$E_{sum}$ / $E_p$")
        main.set_yscale("log")
        main.legend(fontsize=9)
        ratio.set(xlabel="Primary energy (GeV)", ylabel="To Geant4")
        if max(r["response_ratio"] for r in rows if r["arm"] in arms) > LARGEST_RATIO:
            ratio.set_yscale("log")
        else:
            ratio.set_ylim(0, LARGEST_RATIO)


def _draw_arm(
    axes: Axes, rows: Sequence[Row], column: str, color: str, marker: str, label: str
) -> None:
    """Mean over seeds; bars are the standard error over seeds, or the bootstrap's for one seed."""
    lows = sorted({r["energy_low_GeV"] for r in rows})
    bins = [[r for r in rows if r["energy_low_GeV"] == low] for low in lows]
    x = [b[0]["energy_GeV"] for b in bins]
    mean = [float(np.mean([r[column] for r in b])) for b in bins]
    error = [
        float(np.hypot(_spread([r[column] for r in b]), np.mean([r[f"{column}_error"] for r in b])))
        for b in bins
    ]
    axes.errorbar(x, mean, error, color=color, marker=marker, label=label, linewidth=1)


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def draw_effects(path: Path, rows: Sequence[Row], limit: float) -> None:
    """Forest plot: |R - 1| at low energy of every arm, with its 95% interval.

    Args:
        path: of the SVG file.
        rows: of `ArmResult.row`.
        limit: |R - 1| up to which a remedy cures.
    """
    with figure(path, width=9.0, height=1.2 + 0.34 * len(rows)) as drawing:
        axes = drawing.subplots()
        for place, row in enumerate(reversed(rows)):
            color = ROLE_COLORS.get(row["role"], SERIES[0])
            value = row["deviation"]
            low, high = max(row["deviation_low"], 0.0), row["deviation_high"]
            stopped = row["stopped"] == row["seeds"]
            axes.errorbar(
                value, place, xerr=[[value - low], [high - value]], color=color, **POINTS,
                marker="x" if stopped else "o",
            )  # fmt: skip
        axes.axvspan(0, limit, color="0.85", linewidth=0, zorder=0)
        axes.set_xscale("symlog", linthresh=0.1)
        axes.set_xlim(0, None)
        axes.set_yticks(range(len(rows)), [row["about"] for row in reversed(rows)], fontsize=9)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlabel("|R - 1| at low energy (x: every training stopped)")
