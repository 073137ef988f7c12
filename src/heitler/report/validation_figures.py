"""Figures of generated showers against Geant4."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.config import Config, DetectorConfig
from heitler.data.hdf5 import Showers
from heitler.data.observables import Observables
from heitler.detector import transverse_centres_mm
from heitler.report.event_display import Display, draw_displays
from heitler.report.style import (
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


def write_validation_figures(
    folder: Path,
    samples: tuple[Observables, Observables, Observables],
    response: ResponseComparison,
    config: Config,
) -> None:
    """Write the figures of (generated, Geant4, reference) into `folder`; pairs are drawn apart."""
    generated, geant4, _ = samples
    draw_response(
        folder / "response.svg", response, config.validate.limits.response_max_deviation[0]
    )
    draw_longitudinal(folder / "longitudinal.svg", samples)
    for axis in "xy":
        draw_transverse(folder / f"transverse_{axis}.svg", samples, config.detector, axis)
    draw_mean_showers(folder / "mean_showers.svg", generated, geant4, config.detector)


def draw_response(path: Path, response: ResponseComparison, response_pass: float) -> None:
    """The paper's Fig. 2 with errors, and the response ratio below.

    The band is the ratio of two independent Geant4 samples with its error, the floor; the dotted
    lines are the largest deviation that passes.
    """
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        for sample, style, label in (
            (response.geant4, GEANT4, "Geant4"),
            (response.generated, GENERATED, "generated (3DGAN)"),
        ):
            main.errorbar(
                sample.energy_GeV, 100 * sample.mean, 100 * sample.error, **style, **POINTS,
                label=label,
            )  # fmt: skip
        main.set_ylabel("Deposited / primary energy (%)")
        main.set_ylim(bottom=0)
        main.legend()
        draw_floor(ratio, response.edges_GeV, response.floor, response.floor_error)
        energy = response.generated.energy_GeV
        draw_ratio(ratio, energy, response.ratio, response.ratio_error)
        for limit in (1 - response_pass, 1 + response_pass):
            ratio.axhline(limit, color="0.4", linewidth=1, linestyle=":")
        ratio.set(xlabel="Primary energy (GeV)", ylabel="Ratio to Geant4")
        ratio.legend(loc="best", fontsize=10)


def draw_longitudinal(path: Path, samples: tuple[Observables, Observables, Observables]) -> None:
    """Mean energy per layer of (generated, Geant4, reference) and its ratio to Geant4."""
    layers = np.arange(1, samples[1].longitudinal.shape[1] + 1, dtype=np.float64)
    profiles = [sample.longitudinal for sample in samples]
    _draw_profiles(path, profiles, layers, "Layer", "Deposit / primary energy per layer (%)")


def draw_transverse(
    path: Path,
    samples: tuple[Observables, Observables, Observables],
    detector: DetectorConfig,
    axis: str,
) -> None:
    """Mean energy per column of cells along `axis` (x or y), drawn likewise."""
    profiles = [getattr(sample, f"transverse_{axis}") for sample in samples]
    label = "Deposit / primary energy per column (%)"
    _draw_profiles(path, profiles, transverse_centres_mm(detector), f"{axis} (mm)", label)


def draw_showers(path: Path, generated: Showers, geant4: Showers, detector: DetectorConfig) -> None:
    """One Geant4 and one generated shower of the same primary energy, the median one."""
    energy = geant4.primary_energy_GeV
    row = int(np.argmin(np.abs(energy - np.median(energy))))
    displays = [
        Display(f"{name}, {energy[row]:.0f} GeV", showers.cells_GeV[row])
        for name, showers in (("Geant4", geant4), ("Generated", generated))
    ]
    draw_displays(path, displays, detector)


def draw_mean_showers(
    path: Path, generated: Observables, geant4: Observables, detector: DetectorConfig
) -> None:
    """The mean Geant4 and the mean generated shower over the same primary energies."""
    displays = [
        Display(f"{name}, mean of {len(sample)}", sample.image_GeV / len(sample))
        for name, sample in (("Geant4", geant4), ("Generated", generated))
    ]
    draw_displays(path, displays, detector)


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
            (generated, GENERATED, "generated (3DGAN)"),
        ):
            main.errorbar(
                abscissa, 100 * profile.mean, 100 * profile.error, **style, **POINTS, label=label
            )
        main.set(ylabel=ylabel, yscale="log")
        main.legend()
        floor, floor_error = relative_difference(reference, geant4)
        draw_floor(ratio, edges, 1 + floor, floor_error)
        difference, error = relative_difference(generated, geant4)
        draw_ratio(ratio, abscissa, 1 + difference, error)
        ratio.set(xlabel=xlabel, ylabel="Ratio to Geant4")
        ratio.legend(loc="best", fontsize=10)
