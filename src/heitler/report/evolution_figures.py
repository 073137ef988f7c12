"""The paper's Fig. 3: test loss of evolution and RMSprop, and the energies they estimate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from heitler.report.style import MARKERS, SERIES, figure, plain_log_labels

Row = dict[str, Any]
NAMES = {
    "rmsprop": "RMSprop (gradients)",
    "one-plus-lambda": "(1 + λ), the paper's",
    "one-fifth": "(1 + λ), power by the 1/5 rule",
    "self-adaptive": "(1 + λ), self-adaptive power",
    "antithetic": "Antithetic evolution strategy",
    "cma": "CMA-ES, diagonal",
    "nevergrad": "Nevergrad's (1 + 1)",
    "memetic": "Evolution, then RMSprop",
}
"""Names of the strategies, for readers."""
COLORS = (*SERIES, "#000000", "#999999")
ABSCISSAE = {
    "epoch": "Epochs",
    "cost_epochs": "Cost (forward passes over the training set)",
    "seconds": "Wall time (s)",
}
POINTS = 50


def draw_losses_by_cost(path: Path, curves: Sequence[Row]) -> None:
    """Fig. 3 left: median and quartiles over seeds, against epochs and against equal cost."""
    with figure(path, width=12.5, height=4.6) as drawing:
        panels = drawing.subplots(1, 3, sharey=True)
        for axes, (column, label) in zip(panels, ABSCISSAE.items(), strict=True):
            for name, color in zip(_names(curves), COLORS, strict=False):
                _draw_curve(axes, [r for r in curves if r["strategy"] == name], column, color, name)
            axes.set(xscale="log", yscale="log", xlabel=label)
            plain_log_labels(axes.xaxis, axes.yaxis)
        panels[0].set_ylabel("Test loss (relative error)")
        axes.legend(fontsize=8)


def _draw_curve(axes: Axes, rows: Sequence[Row], column: str, color: str, name: str) -> None:
    runs = [[r for r in rows if r["seed"] == seed] for seed in {r["seed"]: None for r in rows}]
    low = max(run[0][column] for run in runs)
    high = min(run[-1][column] for run in runs)
    at = np.geomspace(max(low, 1e-3), max(high, 2e-3), POINTS)
    losses = [
        np.interp(at, [r[column] for r in run], [r["test_loss"] for r in run]) for run in runs
    ]
    first, median, third = np.percentile(losses, [25, 50, 75], axis=0)
    axes.fill_between(at, first, third, color=color, alpha=0.2, linewidth=0)
    axes.plot(at, median, color=color, label=NAMES.get(name, name))


def draw_estimates(path: Path, energies: Sequence[Row]) -> None:
    """Fig. 3 right: estimated over true energy, and the relative error, per energy bin."""
    with figure(path, height=6.0) as drawing:
        ratio, error = drawing.subplots(2, 1, sharex=True)
        for name, color, marker in zip(_names(energies), COLORS, MARKERS * 2, strict=False):
            rows = [r for r in energies if r["strategy"] == name]
            lows = sorted({r["energy_low_GeV"] for r in rows})
            bins = [[r for r in rows if r["energy_low_GeV"] == low] for low in lows]
            centre = [(b[0]["energy_low_GeV"] + b[0]["energy_high_GeV"]) / 2 for b in bins]
            style: dict[str, Any] = {"color": color, "marker": marker, "markersize": 4}
            for axes, column in ((ratio, "ratio_mean"), (error, "relative_error")):
                values = [np.percentile([r[column] for r in b], [25, 50, 75]) for b in bins]
                low, mid, high = np.transpose(values)
                axes.errorbar(
                    centre, mid, [mid - low, high - mid], **style, label=NAMES.get(name, name)
                )
        ratio.axhline(1, color="0.4", linewidth=0.8, linestyle=":")
        error.axhline(0.1, color="0.4", linewidth=0.8, linestyle="--")
        ratio.set(ylabel="Estimated / true energy")
        error.set(xlabel="Primary energy (GeV)", ylabel="Mean relative error", ylim=(0, None))
        ratio.legend(fontsize=8, ncols=2)


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["strategy"] for row in rows))
