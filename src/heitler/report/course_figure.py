"""How R comes to 1: one worker and many, against cycles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from heitler.report.style import MARKERS, SERIES, figure

Row = Mapping[str, Any]
ORDINATES = {"response_low": "R, lowest energies", "response_high": "R, highest energies"}
HIGHEST = 1.6
"""Where the ordinate ends; generators of the first cycles may deposit several times too much."""


def draw_course(path: Path, rows: Sequence[Row], arms: Mapping[str, str]) -> None:
    """R in the lowest and in the highest bin as it is judged, had training ended there.

    Args:
        path: of the SVG file.
        rows: of `heitler.degradation.curves.running_rows`.
        arms: labels by name; one thin line per seed, and their mean.
    """
    with figure(path, width=9.0, height=4.0) as drawing:
        both = drawing.subplots(1, 2, sharey=True)
        for axes, (ordinate, name) in zip(both, ORDINATES.items(), strict=True):
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


def _line(rows: Sequence[Row], ordinate: str) -> tuple[list[int], list[float]]:
    """Cycles, and the mean over the seeds that came so far."""
    places = sorted({r["cycles"] for r in rows})
    return places, [float(np.mean([r[ordinate] for r in rows if r["cycles"] == c])) for c in places]
