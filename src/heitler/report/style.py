"""How figures look and how they are saved: mplhep's layout, smaller; stable SVG.

The same showers give byte-identical SVG files, so that DVC sees no change where there is none.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import mplhep
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from numpy.typing import NDArray

from heitler.base.files import atomic_path

Float = NDArray[np.float64]

# Okabe and Ito's colours, apart for every kind of colour vision; markers differ as well.
GEANT4: dict[str, Any] = {"color": "#0072B2", "marker": "o"}
GENERATED: dict[str, Any] = {"color": "#D55E00", "marker": "s"}
FLOOR: dict[str, Any] = {"facecolor": "#0072B2", "alpha": 0.18, "linewidth": 0}
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
MAX_RATIO = 3.0
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
POINTS: dict[str, Any] = {"linestyle": "none", "markersize": 5, "elinewidth": 1.4, "capsize": 0}
ABOVE: dict[str, Any] = {
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "ncols": 2,
    "frameon": False,
    "borderpad": 0.1,
}
"""Where no point or error bar can lie under a legend."""

_STYLE = {
    **mplhep.style.ATLAS,
    "axes.autolimit_mode": "data",
    "axes.labelsize": 12,
    "axes.titlesize": 13,
    "axes.unicode_minus": True,
    "axes.xmargin": 0.03,
    "figure.constrained_layout.use": True,
    "figure.figsize": (6.4, 4.6),
    "font.size": 12,
    "legend.borderpad": 0.4,
    "legend.fontsize": 11,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "heitler",
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "ytick.major.size": 6,
    "ytick.minor.size": 3,
}


@contextlib.contextmanager
def figure(path: Path, *, width: float = 6.4, height: float = 4.6) -> Iterator[Figure]:
    """Yield an empty figure of the given size in inches; write it as SVG when the block ends."""
    with mpl.rc_context(_STYLE):
        drawing = Figure(figsize=(width, height))
        yield drawing
        with atomic_path(path) as temporary:
            drawing.savefig(temporary, format="svg", metadata=NO_METADATA)


class _PlainNumbers(LogFormatter):
    """Such as 0.2 and 30, where the base class has 2e-01."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick; none where there would be too many."""
        return f"{x:g}" if super().__call__(x, pos) else ""


def plain_log_labels(*axes: Axis) -> None:
    """Label logarithmic axes with numbers such as 200, not powers; more of them on short axes."""
    for axis in axes:
        axis.set_major_formatter(_PlainNumbers())
        axis.set_minor_formatter(_PlainNumbers(minor_thresholds=(1.5, 0.7)))


def main_and_ratio(drawing: Figure) -> tuple[Axes, Axes]:
    """A main panel above a ratio panel that shares its abscissa."""
    main, ratio = drawing.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1.3], "hspace": 0.04}
    )
    ratio.axhline(1.0, color="0.4", linewidth=1, linestyle="--", zorder=0)
    return main, ratio


def draw_ratio(
    axes: Axes, x: Float, ratio: Float, error: Float, style: dict[str, Any] = GENERATED
) -> None:
    """Generated over Geant4 with errors; points above `MAX_RATIO` become arrows at the edge."""
    axes.errorbar(x, ratio, error, **style, **POINTS)
    beyond = ratio > MAX_RATIO
    if beyond.any():
        axes.set_ylim(0, MAX_RATIO)
        arrows = np.full(beyond.sum(), 0.96 * MAX_RATIO)
        axes.plot(x[beyond], arrows, "^", color=style["color"], markersize=6)


def draw_floor(axes: Axes, edges: Float, ratio: Float, error: Float) -> None:
    """What statistics alone does: a band of one error around the ratio of two Geant4 samples."""
    label = "Geant4 / Geant4, independent samples"
    axes.stairs(ratio + error, edges, baseline=ratio - error, fill=True, label=label, **FLOOR)
