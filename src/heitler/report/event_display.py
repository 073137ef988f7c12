"""Event displays: a shower seen from the side (x-z) and from the front (x-y)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from heitler.report.style import figure

Image = NDArray[np.floating]

MEV = 1000.0
DECADES = 4
COLOURS = "viridis"


@dataclass(frozen=True)
class Display:
    """An image to show: (X, Y, Z) GeV."""

    title: str
    image_GeV: NDArray[np.floating]


def draw_displays(path: Path, displays: Sequence[Display], cell_size_mm: float | None) -> None:
    """One column per image, side view above front view, one colour scale for all.

    Places across are in cells where the size of a cell is not known.
    """
    projections, norm = _project(displays)
    with figure(path, width=1.6 + 2.6 * len(displays), height=5.2) as drawing:
        panels = drawing.subplots(2, len(displays), squeeze=False)
        for column, (display, (side, front)) in enumerate(zip(displays, projections, strict=True)):
            panels[0, column].set_title(display.title, fontsize=11)
            _side_view(panels[0, column], side, norm, cell_size_mm)
            image = _front_view(panels[1, column], front, norm, cell_size_mm)
        bar = drawing.colorbar(image, ax=panels, shrink=0.8, pad=0.02)
        bar.set_label("Energy in column of cells (MeV)")


def draw_tiles(path: Path, displays: Sequence[Display], columns: int) -> None:
    """Small pictures without axes, `columns` in a row: side view above front view."""
    projections, norm = _project(displays)
    rows = -(-len(displays) // columns)
    with figure(path, width=1.0 + 1.7 * columns, height=3.6 * rows) as drawing:
        panels = drawing.subplots(2 * rows, columns, squeeze=False)
        for panel in panels.flat:
            panel.set_axis_off()
        for number, (display, (side, front)) in enumerate(zip(displays, projections, strict=True)):
            row, column = divmod(number, columns)
            above, below = panels[2 * row, column], panels[2 * row + 1, column]
            above.set_title(display.title, fontsize=11)
            for panel, energy_MeV in ((above, side), (below, front.T)):
                x, y = energy_MeV.shape
                image = _show(panel, energy_MeV, norm, (0, y, 0, x))
                panel.set_axis_on()
                panel.set(xticks=[], yticks=[], aspect="equal")
                panel.minorticks_off()
        bar = drawing.colorbar(image, ax=panels, shrink=0.6, pad=0.01)
        bar.set_label("Energy in column of cells (MeV)")


def _project(displays: Sequence[Display]) -> tuple[list[tuple[Image, Image]], LogNorm]:
    """Sums along y and along z, (X, Z) and (X, Y) in MeV, and one colour scale for all."""
    projections = [
        (display.image_GeV.sum(axis=1) * MEV, display.image_GeV.sum(axis=2) * MEV)
        for display in displays
    ]
    highest = max(float(p.max()) for pair in projections for p in pair) or 1.0
    return projections, LogNorm(highest / 10**DECADES, highest)


def _side_view(
    axes: Axes, energy_MeV: NDArray[np.floating], norm: LogNorm, cell_size_mm: float | None
) -> AxesImage:
    cells, layers = energy_MeV.shape
    half, unit = _half_width(cells, cell_size_mm)
    axes.set(xlabel="Layer", ylabel=f"x ({unit})")
    return _show(axes, energy_MeV, norm, (0.5, layers + 0.5, -half, half))


def _front_view(
    axes: Axes, energy_MeV: NDArray[np.floating], norm: LogNorm, cell_size_mm: float | None
) -> AxesImage:
    (half_x, unit), (half_y, _) = (_half_width(n, cell_size_mm) for n in energy_MeV.shape)
    axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})")
    return _show(axes, energy_MeV.T, norm, (-half_x, half_x, -half_y, half_y))


def _half_width(cells: int, cell_size_mm: float | None) -> tuple[float, str]:
    """From the middle of the image to its edge, and the unit."""
    return (cells / 2, "cells") if cell_size_mm is None else (cells * cell_size_mm / 2, "mm")


def _show(
    axes: Axes,
    energy_MeV: NDArray[np.floating],
    norm: LogNorm,
    extent: tuple[float, float, float, float],
) -> AxesImage:
    """Rows of the array are the ordinate, upwards; empty cells stay white."""
    filled = np.ma.masked_less_equal(energy_MeV, 0)
    return axes.imshow(
        filled, origin="lower", extent=extent, aspect="auto", norm=norm, cmap=COLOURS,
        interpolation="nearest",
    )  # fmt: skip
