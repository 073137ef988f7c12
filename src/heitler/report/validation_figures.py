"""Figures of generated showers against Geant4, and of what classifiers say of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from heitler.config import ValidateConfig
from heitler.data.hdf5 import Showers
from heitler.report.event_display import Display, draw_displays
from heitler.report.fluctuation_figures import (
    MEV,
    draw_cells,
    draw_correlations,
    draw_hits,
    draw_resolution,
)
from heitler.report.samples import Samples
from heitler.report.style import (
    ABOVE,
    FLOOR,
    GEANT4,
    MARKERS,
    POINTS,
    SERIES,
    draw_floor,
    draw_ratio,
    figure,
    main_and_ratio,
    plain_log_labels,
)
from heitler.validation.classifier_curve import TITLES, Point
from heitler.validation.metrics import limit_of
from heitler.validation.profiles import mean_profile, relative_difference

Float = NDArray[np.float64]
LAYER = "Layer"


def write_validation_figures(
    folder: Path, samples: Samples, config: ValidateConfig, cell_size_mm: float | None
) -> None:
    """Write the figures of all samples into `folder`; single showers are drawn apart.

    Places across are in cells where the size of a cell is not known.
    """
    limit = limit_of("response_max_deviation", config.limits)[0]
    draw_response(folder / "response.svg", samples, limit)
    draw_resolution(folder / "resolution.svg", samples)
    draw_longitudinal(folder / "longitudinal.svg", samples)
    draw_radial(folder / "radial.svg", samples, cell_size_mm)
    for axis in "xy":
        draw_transverse(folder / f"transverse_{axis}.svg", samples, axis, cell_size_mm)
    draw_cells(folder / "cells.svg", samples)
    draw_hits(folder / "hits.svg", samples, config.hit_threshold_MeV / MEV)
    draw_correlations(folder / "correlations.svg", samples)
    draw_mean_showers(folder / "mean_showers.svg", samples, cell_size_mm)


def draw_response(path: Path, samples: Samples, response_pass: float) -> None:
    """The paper's Fig. 2 with errors, and the response ratio below.

    The band is the ratio of two independent Geant4 samples with its error, the floor; the dotted
    lines are the largest deviation that passes.
    """
    first = samples.generated[0].response
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        drawn = [(made.response.generated, made.style, made.label) for made in samples.generated]
        for sample, style, label in [(first.geant4, GEANT4, "Geant4"), *drawn]:
            main.errorbar(
                sample.energy_GeV, 100 * sample.mean, 100 * sample.error, **style, **POINTS,
                label=label,
            )  # fmt: skip
        main.set_ylabel("Deposited / primary energy (%)")
        main.set_ylim(bottom=0)
        main.legend(**ABOVE | {"ncols": 3})
        draw_floor(ratio, first.edges_GeV, first.floor, first.floor_error)
        for made in samples.generated:
            found = made.response
            energy = found.generated.energy_GeV
            draw_ratio(ratio, energy, found.ratio, found.ratio_error, made.style)
        for limit in (1 - response_pass, 1 + response_pass):
            ratio.axhline(limit, color="0.4", linewidth=1, linestyle=":")
        ratio.set(xlabel="Primary energy (GeV)", ylabel="Ratio to Geant4")
        ratio.legend(**ABOVE, fontsize=10)


def draw_longitudinal(path: Path, samples: Samples) -> None:
    """Mean energy per layer of every sample and its ratio to Geant4."""
    layers = np.arange(1, samples.geant4.longitudinal.shape[1] + 1, dtype=np.float64)
    label = "Deposit / primary energy per layer (%)"
    _draw_profiles(path, samples, "longitudinal", layers, LAYER, label)


def draw_transverse(path: Path, samples: Samples, axis: str, cell_size_mm: float | None) -> None:
    """Mean energy per column of cells along `axis` (x or y), drawn likewise."""
    name = f"transverse_{axis}"
    columns = getattr(samples.geant4, name).shape[1]
    size, unit = _length(cell_size_mm)
    centres = (np.arange(columns) - (columns - 1) / 2) * size
    label = "Deposit / primary energy per column (%)"
    _draw_profiles(path, samples, name, centres, f"{axis} ({unit})", label)


def draw_radial(path: Path, samples: Samples, cell_size_mm: float | None) -> None:
    """Mean energy per ring around the axis, drawn likewise."""
    size, unit = _length(cell_size_mm)
    radii = np.arange(samples.geant4.radial.shape[1], dtype=np.float64) * size
    label = "Deposit / primary energy per ring (%)"
    _draw_profiles(path, samples, "radial", radii, f"Radius ({unit})", label)


def draw_showers(
    path: Path, generated: Mapping[str, Showers], geant4: Showers, cell_size_mm: float | None
) -> None:
    """The Geant4 shower of median energy, and of each generator, by its label, the one of the
    nearest energy."""
    energy = geant4.primary_energy_GeV
    wanted = energy[np.argmin(np.abs(energy - np.median(energy)))]
    displays = []
    for name, showers in {"Geant4": geant4, **generated}.items():
        row = int(np.argmin(np.abs(showers.primary_energy_GeV - wanted)))
        title = f"{_titled(name)}, {showers.primary_energy_GeV[row]:.0f} GeV"
        displays.append(Display(title, showers.cells_GeV[row]))
    draw_displays(path, displays, cell_size_mm)


def draw_mean_showers(path: Path, samples: Samples, cell_size_mm: float | None) -> None:
    """The mean Geant4 and the mean generated shower."""
    named = {"Geant4": samples.geant4} | {made.label: made.showers for made in samples.generated}
    displays = [
        Display(f"{_titled(name)}, mean of {len(sample)}", sample.image_GeV / len(sample))
        for name, sample in named.items()
    ]
    draw_displays(path, displays, cell_size_mm)


def _titled(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"


def _length(cell_size_mm: float | None) -> tuple[float, str]:
    """Size of a cell in the unit of the figure."""
    return (1.0, "cells") if cell_size_mm is None else (cell_size_mm, "mm")


def _draw_profiles(
    path: Path, samples: Samples, name: str, abscissa: Float, xlabel: str, ylabel: str
) -> None:
    geant4, reference = (
        mean_profile(getattr(sample, name)) for sample in (samples.geant4, samples.reference)
    )
    generated = [
        (mean_profile(getattr(made.showers, name)), made.style, made.label)
        for made in samples.generated
    ]
    width = abscissa[1] - abscissa[0] if len(abscissa) > 1 else 1.0
    edges = np.append(abscissa - width / 2, abscissa[-1] + width / 2)
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        for profile, style, label in [(geant4, GEANT4, "Geant4"), *generated]:
            main.errorbar(
                abscissa, 100 * profile.mean, 100 * profile.error, **style, **POINTS, label=label
            )
        main.set(ylabel=ylabel, yscale="log")
        if xlabel == LAYER:
            main.xaxis.set_major_locator(MaxNLocator(integer=True))
        main.legend()
        floor, floor_error = relative_difference(reference, geant4)
        draw_floor(ratio, edges, 1 + floor, floor_error)
        for profile, style, _ in generated:
            difference, error = relative_difference(profile, geant4)
            draw_ratio(ratio, abscissa, 1 + difference, error, style)
        ratio.set(xlabel=xlabel, ylabel="Ratio to Geant4")
        ratio.legend(loc="best", fontsize=10)


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
