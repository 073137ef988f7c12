"""Figures of generated showers against Geant4."""

from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from heitler.config import ValidateConfig
from heitler.data.hdf5 import Showers
from heitler.data.observables import Observables
from heitler.report.event_display import Display, draw_displays
from heitler.report.fluctuation_figures import (
    MEV,
    Samples,
    draw_cells,
    draw_correlations,
    draw_hits,
    draw_resolution,
)
from heitler.report.style import (
    ABOVE,
    GEANT4,
    GENERATED,
    POINTS,
    draw_floor,
    draw_ratio,
    figure,
    main_and_ratio,
)
from heitler.validation.compare import ResponseComparison
from heitler.validation.profiles import mean_profile, relative_difference

Float = NDArray[np.float64]
LAYER = "Layer"


def write_validation_figures(
    folder: Path,
    samples: Samples,
    response: ResponseComparison,
    config: ValidateConfig,
    cell_size_mm: float | None,
) -> None:
    """Write the figures of (generated, Geant4, reference) into `folder`; pairs are drawn apart.

    Places across are in cells where the size of a cell is not known.
    """
    generated, geant4, _ = samples
    draw_response(folder / "response.svg", response, config.limits.response_max_deviation[0])
    draw_resolution(folder / "resolution.svg", generated, geant4, response.edges_GeV)
    draw_longitudinal(folder / "longitudinal.svg", samples)
    draw_radial(folder / "radial.svg", samples, cell_size_mm)
    for axis in "xy":
        draw_transverse(folder / f"transverse_{axis}.svg", samples, axis, cell_size_mm)
    draw_cells(folder / "cells.svg", samples)
    draw_hits(folder / "hits.svg", samples, config.hit_threshold_MeV / MEV)
    draw_correlations(folder / "correlations.svg", generated, geant4)
    draw_mean_showers(folder / "mean_showers.svg", generated, geant4, cell_size_mm)


def draw_response(path: Path, response: ResponseComparison, response_pass: float) -> None:
    """The paper's Fig. 2 with errors, and the response ratio below.

    The band is the ratio of two independent Geant4 samples with its error, the floor; the dotted
    lines are the largest deviation that passes.
    """
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        for sample, style, label in (
            (response.geant4, GEANT4, "Geant4"),
            (response.generated, GENERATED, "generated"),
        ):
            main.errorbar(
                sample.energy_GeV, 100 * sample.mean, 100 * sample.error, **style, **POINTS,
                label=label,
            )  # fmt: skip
        main.set_ylabel("Deposited / primary energy (%)")
        main.set_ylim(bottom=0)
        main.legend(**ABOVE)
        draw_floor(ratio, response.edges_GeV, response.floor, response.floor_error)
        energy = response.generated.energy_GeV
        draw_ratio(ratio, energy, response.ratio, response.ratio_error)
        for limit in (1 - response_pass, 1 + response_pass):
            ratio.axhline(limit, color="0.4", linewidth=1, linestyle=":")
        ratio.set(xlabel="Primary energy (GeV)", ylabel="Ratio to Geant4")
        ratio.legend(**ABOVE, fontsize=10)


def draw_longitudinal(path: Path, samples: Samples) -> None:
    """Mean energy per layer of (generated, Geant4, reference) and its ratio to Geant4."""
    layers = np.arange(1, samples[1].longitudinal.shape[1] + 1, dtype=np.float64)
    profiles = [sample.longitudinal for sample in samples]
    _draw_profiles(path, profiles, layers, LAYER, "Deposit / primary energy per layer (%)")


def draw_transverse(path: Path, samples: Samples, axis: str, cell_size_mm: float | None) -> None:
    """Mean energy per column of cells along `axis` (x or y), drawn likewise."""
    profiles = [getattr(sample, f"transverse_{axis}") for sample in samples]
    columns = profiles[0].shape[1]
    size, unit = _length(cell_size_mm)
    centres = (np.arange(columns) - (columns - 1) / 2) * size
    label = "Deposit / primary energy per column (%)"
    _draw_profiles(path, profiles, centres, f"{axis} ({unit})", label)


def draw_radial(path: Path, samples: Samples, cell_size_mm: float | None) -> None:
    """Mean energy per ring around the axis, drawn likewise."""
    size, unit = _length(cell_size_mm)
    radii = np.arange(samples[1].radial.shape[1], dtype=np.float64) * size
    label = "Deposit / primary energy per ring (%)"
    _draw_profiles(path, [sample.radial for sample in samples], radii, f"Radius ({unit})", label)


def draw_showers(
    path: Path, generated: Showers, geant4: Showers, cell_size_mm: float | None
) -> None:
    """The Geant4 shower of median energy, and the generated one of the nearest energy."""
    energy = geant4.primary_energy_GeV
    row = int(np.argmin(np.abs(energy - np.median(energy))))
    made = int(np.argmin(np.abs(generated.primary_energy_GeV - energy[row])))
    displays = [
        Display(f"{name}, {showers.primary_energy_GeV[i]:.0f} GeV", showers.cells_GeV[i])
        for name, showers, i in (("Geant4", geant4, row), ("Generated", generated, made))
    ]
    draw_displays(path, displays, cell_size_mm)


def draw_mean_showers(
    path: Path, generated: Observables, geant4: Observables, cell_size_mm: float | None
) -> None:
    """The mean Geant4 and the mean generated shower."""
    displays = [
        Display(f"{name}, mean of {len(sample)}", sample.image_GeV / len(sample))
        for name, sample in (("Geant4", geant4), ("Generated", generated))
    ]
    draw_displays(path, displays, cell_size_mm)


def _length(cell_size_mm: float | None) -> tuple[float, str]:
    """Size of a cell in the unit of the figure."""
    return (1.0, "cells") if cell_size_mm is None else (cell_size_mm, "mm")


def _draw_profiles(
    path: Path, profiles: list[Float], abscissa: Float, xlabel: str, ylabel: str
) -> None:
    generated, geant4, reference = (mean_profile(profile) for profile in profiles)
    width = abscissa[1] - abscissa[0] if len(abscissa) > 1 else 1.0
    edges = np.append(abscissa - width / 2, abscissa[-1] + width / 2)
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        for profile, style, label in (
            (geant4, GEANT4, "Geant4"),
            (generated, GENERATED, "generated"),
        ):
            main.errorbar(
                abscissa, 100 * profile.mean, 100 * profile.error, **style, **POINTS, label=label
            )
        main.set(ylabel=ylabel, yscale="log")
        if xlabel == LAYER:
            main.xaxis.set_major_locator(MaxNLocator(integer=True))
        main.legend()
        floor, floor_error = relative_difference(reference, geant4)
        draw_floor(ratio, edges, 1 + floor, floor_error)
        difference, error = relative_difference(generated, geant4)
        draw_ratio(ratio, abscissa, 1 + difference, error)
        ratio.set(xlabel=xlabel, ylabel="Ratio to Geant4")
        ratio.legend(loc="best", fontsize=10)
