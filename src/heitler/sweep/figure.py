"""Experiments as lines across parallel axes [Inselberg 1985], coloured by what is judged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from heitler.report.style import Float, figure
from heitler.sweep.experiments import Experiment

INCHES_PER_AXIS = 1.8
LOG_FROM = 5.0
"""Largest over smallest value from which an axis is logarithmic."""


def draw_parallel_coordinates(
    path: Path, experiments: Sequence[Experiment], parameters: Sequence[str], metric: str
) -> None:
    """A vertical axis per parameter and one for the metric; a line per experiment."""
    judged = [e for e in experiments if metric in e.metrics]
    values = np.array([e.metrics[metric] for e in judged])  # (experiments,)
    columns: list[Sequence[Any]] = [[e.parameters.get(name) for e in judged] for name in parameters]
    columns.append(values.tolist())
    names = [*parameters, metric]
    heights = np.array([_place(column)[0] for column in columns])  # (axes, experiments)
    with figure(path, width=max(6.4, INCHES_PER_AXIS * len(names)), height=4.4) as drawing:
        axes = drawing.subplots()
        norm = mpl.colors.Normalize(values.min(), values.max())
        colours = mpl.colormaps["viridis_r"]
        worst_first = np.argsort(values)[::-1]
        for index in worst_first:
            colour = colours(norm(values[index]))
            axes.plot(range(len(names)), heights[:, index], color=colour, marker="o", alpha=0.85)
        for place, column in enumerate(columns):
            _draw_axis(axes, place, column)
        axes.set_xticks(range(len(names)), [name.replace(".", ".\n") for name in names])
        axes.set(yticks=[], xlim=(-0.4, len(names) - 0.1), ylim=(-0.08, 1.08))
        axes.tick_params(which="both", length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        scale = mpl.cm.ScalarMappable(norm, colours)
        drawing.colorbar(scale, ax=axes, label=metric, pad=0.02)


def _place(column: Sequence[Any]) -> tuple[Float, list[tuple[float, str]]]:
    """Heights from 0 to 1 of a column's values, and labels with their heights."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in column):
        heights = _scaled(np.array(column, float))
        texts = [f"{value:.4g}" for value in column]
    else:
        kinds = sorted({str(value) for value in column})
        heights = _scaled(np.array([kinds.index(str(value)) for value in column], float))
        texts = [str(value) for value in column]
    return heights, list(dict(zip(map(float, heights), texts, strict=True)).items())


def _scaled(values: Float) -> Float:
    """To 0 to 1, by the logarithm where the values are far apart: (N,) -> (N,)."""
    if values.min() > 0 and values.max() / values.min() >= LOG_FROM:
        values = np.log(values)
    span = np.ptp(values)
    return (values - values.min()) / span if span else np.full(len(values), 0.5)


def _draw_axis(axes: Axes, place: int, column: Sequence[Any]) -> None:
    """The vertical line, and labels that do not stand on each other."""
    axes.axvline(place, color="0.6", linewidth=1, zorder=0)
    below = -np.inf
    _, labels = _place(column)
    for height, text in sorted(labels):
        if height - below > 0.045:
            axes.annotate(
                text, (place, height), (5, 0), textcoords="offset points", va="center", fontsize=9
            )
            below = height
