"""The classifiers' AUC over the number of showers that they learn from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from heitler.report.style import ABOVE, FLOOR, MARKERS, SERIES, figure, plain_log_labels
from heitler.validation.classifier_curve import TITLES, Point


def draw_classifiers(path: Path, points: Sequence[Point]) -> None:
    """One curve per classifier; the band is what Geant4 against itself gives, 2 sigma."""
    with figure(path) as drawing:
        axes = drawing.subplots()
        for place, (name, title) in enumerate(TITLES.items()):
            own = sorted((p for p in points if p.classifier == name), key=lambda p: p.of_each)
            axes.errorbar(
                [point.of_each for point in own],
                [point.auc for point in own],
                [point.auc_error for point in own],
                color=SERIES[place],
                marker=MARKERS[place],
                label=title,
            )
        noise = {point.of_each: point.floor_auc_error for point in points}
        sizes = np.array(sorted(noise))
        width = 2 * np.array([noise[n] for n in sizes])
        axes.fill_between(sizes, 0.5 - width, 0.5 + width, label="Geant4 itself", **FLOOR)
        axes.set_xscale("log")
        plain_log_labels(axes.xaxis)
        axes.set_xlabel("Showers of each kind")
        axes.set_ylabel("AUC")
        axes.set_ylim(0.3, 1.02)
        axes.legend(**ABOVE)
