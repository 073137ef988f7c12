"""Figures of how training went, from one row of metrics per epoch."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from heitler.report.style import MARKERS, SERIES, figure, plain_log_labels

Epoch = dict[str, float]

LOSSES = {
    "total": "Total, weighted",
    "real_fake": "Cross-entropy",
    "primary_energy": "Primary energy (%)",
    "ecal_sum": "Deposited energy (%)",
}
"""Of the published recipe; those of others are named as in their history."""
OF_AN_UPDATE = re.compile(r"(discriminator_real|discriminator_fake|generator_\d+)_(\w+)")
WIDE = 10.0
"""From this ratio of the largest to the smallest on, a loss is drawn on a logarithmic scale."""


def draw_losses(path: Path, history: Sequence[Epoch]) -> None:
    """One panel per loss; a line per update of the cycle, such as `discriminator_real`."""
    panels = _loss_panels(history)
    rows = -(-len(panels) // 2)
    with figure(path, height=0.6 + 2.5 * rows) as drawing:
        free = list(drawing.subplots(rows, 2, squeeze=False).flat)
        for title, labels in panels.items():
            axes = free.pop(0)
            _draw_lines(axes, history, labels)
            axes.set(xlabel="Epoch", ylabel=title)
            values = np.concatenate([_column(history, name) for name in labels])
            if np.nanmin(values) > 0 and np.nanmax(values) > WIDE * np.nanmin(values):
                axes.set_yscale("log")
                plain_log_labels(axes.yaxis)
        for axes in free:
            axes.remove()
        lines, names = drawing.axes[0].get_legend_handles_labels()
        drawing.legend(lines, names, loc="outside lower center", ncols=2, fontsize=10)


def _loss_panels(history: Sequence[Epoch]) -> dict[str, dict[str, str]]:
    """By title, the columns of a panel and their labels; the total first."""
    found: dict[str, dict[str, str]] = {"total": {}}
    for name in _names(history):
        if match := OF_AN_UPDATE.fullmatch(name):
            update, loss = match.groups()
            found.setdefault(loss, {})[name] = update.replace("_", " ")
    titles = {loss: LOSSES.get(loss, loss.replace("_", " ").capitalize()) for loss in found}
    return {titles[loss]: labels for loss, labels in found.items() if labels}


def draw_learning(
    path: Path, histories: Mapping[str, tuple[dict[str, Any], Sequence[Epoch]]]
) -> None:
    """Largest |R - 1| of the validation set against the time of training, by label and style."""
    with figure(path) as drawing:
        axes = drawing.subplots()
        for label, (style, history) in histories.items():
            seconds = np.cumsum(_column(history, "epoch_time_s"))
            axes.plot(seconds, _column(history, "response_worst_deviation"), label=label, **style)
        axes.set(xlabel="Time of training (s)", ylabel="Largest |R - 1|, validation set")
        axes.set_yscale("log")
        plain_log_labels(axes.yaxis)
        axes.legend()


def draw_response_history(path: Path, history: Sequence[Epoch]) -> None:
    """R of the validation set in bins of primary energy, after every epoch."""
    prefix = "response_ratio_"
    names = [name for name in _names(history) if name.startswith(prefix)]
    labels = {name: _energy_range(name.removeprefix(prefix)) for name in names}
    with figure(path) as drawing:
        axes = drawing.subplots()
        axes.axhline(1, color="0.4", linewidth=1, linestyle="--")
        _draw_lines(axes, history, labels)
        axes.set(xlabel="Epoch", ylabel="Response ratio, generated / Geant4")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=10)


def draw_epoch_times(path: Path, history: Sequence[Epoch]) -> None:
    """Where the seconds of every epoch went, and how many showers per second that makes."""
    epochs = _column(history, "epoch")
    with figure(path, height=5.6) as drawing:
        times, speed = drawing.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        base = np.zeros(len(epochs))
        for name, label, color in (
            ("compute_time_s", "computing", SERIES[0]),
            ("communication_time_s", "communication", SERIES[1]),
            ("straggler_wait_s", "waiting for the slowest", SERIES[2]),
            ("input_wait_s", "waiting for input", SERIES[4]),
        ):
            seconds = _column(history, name)
            times.bar(epochs, seconds, bottom=base, width=0.7, label=label, color=color)
            base = base + seconds
        times.set(ylabel="Time per epoch (s)", ylim=(0, 1.4 * base.max()))
        times.legend(ncols=2, fontsize=10)
        _draw_lines(speed, history, {"showers_per_second": "showers per second"})
        speed.set(xlabel="Epoch", ylabel="Showers / s")
        speed.set_ylim(0, 1.25 * _column(history, "showers_per_second").max())


def _draw_lines(axes: Axes, history: Sequence[Epoch], labels: dict[str, str]) -> None:
    epochs = _column(history, "epoch")
    for index, (name, label) in enumerate(labels.items()):
        axes.plot(
            epochs,
            _column(history, name),
            color=SERIES[index % len(SERIES)],
            marker=MARKERS[index % len(MARKERS)],
            label=label,
        )
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.xaxis.minorticks_off()


def _names(history: Sequence[Epoch]) -> list[str]:
    """Metrics of any epoch, in order; a bin without showers may be absent from some."""
    return list(dict.fromkeys(name for epoch in history for name in epoch))


def _column(history: Sequence[Epoch], name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([epoch.get(name, np.nan) for epoch in history], np.float64)


def _energy_range(label: str) -> str:
    """`10_25_GeV` -> `10 to 25 GeV`."""
    low, high, *_ = label.split("_")
    return f"{low} to {high} GeV"
