"""Figures of the prepared Geant4 showers: is this the data that one thinks it is?"""

import itertools
from pathlib import Path

import hist
import mplhep
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from heitler.config import DetectorConfig
from heitler.data.hdf5 import Showers
from heitler.data.observables import CELL_EDGES_GEV, Observables
from heitler.data.summary import FIT_UNIT_GEV
from heitler.detector import transverse_centres_mm
from heitler.report.event_display import Display, draw_displays
from heitler.report.style import GEANT4, MARKERS, POINTS, SERIES, figure
from heitler.validation.profiles import mean_profile
from heitler.validation.response import binned_response

Float = NDArray[np.float64]
MEV = 1000.0


def write_data_figures(
    folder: Path,
    samples: dict[str, Observables],
    fit: list[float],
    edges_GeV: Float,
    detector: DetectorConfig,
    examples: Showers,
) -> None:
    """Write all figures of the data, as SVG, into `folder`; one of the examples is displayed."""
    train = samples["train"]
    _energy_spectrum(folder / "energy_spectrum.svg", samples, edges_GeV)
    _sampling_fraction(folder / "sampling_fraction.svg", train, fit, edges_GeV)
    _cell_spectrum(folder / "cell_spectrum.svg", train)
    _longitudinal(folder / "longitudinal.svg", train, edges_GeV)
    _transverse(folder / "transverse.svg", train, edges_GeV, transverse_centres_mm(detector))
    _event(folder / "event_display.svg", examples, detector)


def _energy_spectrum(path: Path, samples: dict[str, Observables], edges_GeV: Float) -> None:
    low, high = edges_GeV[0], edges_GeV[-1]
    with figure(path) as drawing:
        axes = drawing.subplots()
        for (name, sample), color in zip(samples.items(), SERIES, strict=False):
            counts = hist.Hist.new.Reg(20, low, high).Int64()
            counts.fill(sample.primary_energy_GeV)
            label = f"{name} ({len(sample)} showers)"
            mplhep.histplot(counts, ax=axes, label=label, color=color, yerr=True, flow="none")
        axes.set(xlabel="Primary energy (GeV)", ylabel=f"Showers per {(high - low) / 20:.3g} GeV")
        axes.set_ylim(0, axes.get_ylim()[1] * 1.25)
        axes.legend(ncols=1, loc="upper right")


def _sampling_fraction(path: Path, train: Observables, fit: list[float], edges_GeV: Float) -> None:
    energy = train.primary_energy_GeV
    binned = binned_response(train.ecal_sum_GeV, energy, edges_GeV)
    curve = np.linspace(energy.min(), energy.max(), 200)
    with figure(path) as drawing:
        axes = drawing.subplots()
        axes.plot(
            energy,
            100 * train.sampling_fraction,
            color="0.45",
            alpha=0.6,
            marker=".",
            markersize=2,
            linestyle="none",
            rasterized=len(train) > 5000,
            label="single showers",
        )
        axes.plot(
            curve,
            100 * np.polyval(fit, curve / FIT_UNIT_GEV),
            color="black",
            label=f"fit, polynomial of degree {len(fit) - 1}",
        )
        axes.errorbar(
            binned.energy_GeV, 100 * binned.mean, 100 * binned.error, **GEANT4, **POINTS,
            label="mean, with its error",
        )  # fmt: skip
        axes.set(xlabel="Primary energy (GeV)", ylabel="Deposited / primary energy (%)")
        axes.legend(loc="upper right")


def _cell_spectrum(path: Path, train: Observables) -> None:
    counts = hist.Hist(hist.axis.Variable(CELL_EDGES_GEV * MEV), storage=hist.storage.Weight())
    per_shower = train.cell_spectrum.astype(np.float64)  # (N, B)
    view = counts.view()
    view["value"] = per_shower.mean(axis=0)
    # Cells of one shower are correlated: the error is that of the mean over showers.
    view["variance"] = per_shower.var(axis=0) / len(per_shower)
    with figure(path) as drawing:
        axes = drawing.subplots()
        mplhep.histplot(
            counts, ax=axes, color=GEANT4["color"], yerr=True, flow="none", label="Geant4"
        )
        filled = np.flatnonzero(view["value"] > 0)
        axes.set_xlim(CELL_EDGES_GEV[filled[0]] * MEV, CELL_EDGES_GEV[filled[-1] + 1] * MEV)
        axes.set(xscale="log", yscale="log", xlabel="Cell energy (MeV)")
        axes.set_ylabel("Cells per shower (8 bins per decade)")
        axes.legend()


def _longitudinal(path: Path, train: Observables, edges_GeV: Float) -> None:
    layers = np.arange(1, train.longitudinal.shape[1] + 1, dtype=np.float64)
    with figure(path) as drawing:
        axes = drawing.subplots()
        _draw_in_thirds(axes, layers, train.longitudinal, train.primary_energy_GeV, edges_GeV)
        axes.set(xlabel="Layer", ylabel="Deposit / primary energy per layer (%)")
        axes.set_ylim(bottom=0)
        axes.legend()


def _transverse(path: Path, train: Observables, edges_GeV: Float, centres_mm: Float) -> None:
    with figure(path) as drawing:
        axes = drawing.subplots()
        _draw_in_thirds(axes, centres_mm, train.transverse_x, train.primary_energy_GeV, edges_GeV)
        axes.set(xlabel="x (mm)", ylabel="Deposit / primary energy per column (%)", yscale="log")
        axes.legend(loc="lower center")


def _draw_in_thirds(
    axes: Axes, abscissa: Float, profiles: Float, energy_GeV: Float, edges_GeV: Float
) -> None:
    """Mean profile in three ranges of primary energy."""
    thirds = np.interp([0, 1 / 3, 2 / 3, 1], np.linspace(0, 1, len(edges_GeV)), edges_GeV)
    for index, (low, high) in enumerate(itertools.pairwise(thirds)):
        inside = profiles[(energy_GeV >= low) & (energy_GeV <= high)]
        if len(inside) > 1:
            profile = mean_profile(inside)
            style = {"color": SERIES[index], "marker": MARKERS[index], **POINTS}
            label = f"{low:.3g} to {high:.3g} GeV ({len(inside)} showers)"
            axes.errorbar(abscissa, 100 * profile.mean, 100 * profile.error, label=label, **style)


def _event(path: Path, showers: Showers, detector: DetectorConfig) -> None:
    """The shower whose energy is nearest to the median of all."""
    energy = showers.primary_energy_GeV
    row = int(np.argmin(np.abs(energy - np.median(energy))))
    shower = Display(f"One Geant4 shower, {energy[row]:.0f} GeV", showers.cells_GeV[row])
    draw_displays(path, [shower], detector.cell_size_mm)
