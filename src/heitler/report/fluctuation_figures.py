"""Figures of what varies from shower to shower: resolution, cells, hits, correlations."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mplhep
import numpy as np
from hist import Hist, axis
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from heitler.data.observables import CELL_EDGES_GEV, Observables
from heitler.report.samples import Samples
from heitler.report.style import ABOVE, FLOOR, GEANT4, POINTS, draw_ratio, figure, main_and_ratio
from heitler.validation.linearity_resolution import core_by_energy, fit_linearity, fit_resolution
from heitler.validation.structure import hits, layer_correlation

Float = NDArray[np.float64]

MEV = 1000.0
HIT_BINS = 25
ZERO_TERM = 1e-4
CURVE_POINTS = 100


def draw_resolution(path: Path, samples: Samples) -> None:
    """mu90 against primary energy with a straight line, sigma90 / mu90 with its three terms."""
    edges_GeV = samples.generated[0].response.edges_GeV
    with figure(path, height=6.2) as drawing:
        linearity, resolution = drawing.subplots(2, 1, sharex=True)
        for sample, style, name in _geant4_first(samples):
            points = core_by_energy(sample, edges_GeV)
            mean_error = points.sigma90 / np.sqrt(np.maximum(points.showers, 1))
            linearity.errorbar(
                points.energy_GeV, 100 * points.mu90, 100 * mean_error, **style, **POINTS,
                label=f"{name}{_line(linearity, points, style, edges_GeV)}",
            )  # fmt: skip
            label = f"{name}{_fitted(resolution, points, style, edges_GeV)}"
            resolution.errorbar(
                points.energy_GeV, 100 * points.resolution, 100 * points.resolution_error,
                **style, **POINTS, label=label,
            )  # fmt: skip
        linearity.set_ylabel(r"$\mu_{90}$: deposited / primary (%)")
        linearity.legend(**ABOVE, fontsize=10)
        resolution.set(xlabel="Primary energy (GeV)", ylabel=r"$\sigma_{90}/\mu_{90}$ (%)")
        resolution.set_ylim(bottom=0)
        resolution.legend(**ABOVE, fontsize=10)


def draw_cells(path: Path, samples: Samples) -> None:
    """Cells per shower by energy, with the ratio to Geant4."""
    edges = CELL_EDGES_GEV * MEV
    filled = np.flatnonzero(samples.geant4.cell_spectrum.sum(axis=0) > 0)
    kept = slice(filled[0], filled[-1] + 2) if len(filled) else slice(None)

    def counts(sample: Observables) -> NDArray[Any]:
        return sample.cell_spectrum[:, kept][:, : len(edges[kept]) - 1]

    bins = Bins(edges[kept], "Cell energy (MeV)", "Cells per shower", log=True)
    _draw_counts(path, samples, counts, bins)


def draw_hits(path: Path, samples: Samples, threshold_GeV: float) -> None:
    """Distribution of the number of cells hit."""
    everything = (samples.geant4, samples.reference, *(g.showers for g in samples.generated))
    highest = max(float(hits(sample, threshold_GeV).max()) for sample in everything) or 1.0
    bins = axis.Regular(HIT_BINS, 0, 1.001 * highest, underflow=False, overflow=False)

    def counts(sample: Observables) -> NDArray[Any]:  # (N, bins): one entry per shower
        numbers = hits(sample, threshold_GeV)
        return np.stack([Hist(bins).fill([value]).values() for value in numbers])

    label = f"Cells above {threshold_GeV * MEV:.3g} MeV"
    _draw_counts(path, samples, counts, Bins(bins.edges, label, "Part of the showers", log=False))


def draw_correlations(path: Path, samples: Samples) -> None:
    """Pearson's r between the energies of every two layers, and the difference; a row for each
    generator."""
    mc = layer_correlation(samples.geant4)
    rows = len(samples.generated)
    with figure(path, width=9.6, height=0.6 + 3.0 * rows) as drawing:
        panels = drawing.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
        for row, generated in zip(panels, samples.generated, strict=True):
            made, name = layer_correlation(generated.showers), generated.label
            image = _draw_matrix(row[0], mc, "Geant4", f"geant4-{name}")
            _draw_matrix(row[1], made, name.capitalize(), name)
            _draw_matrix(row[2], made - mc, "Difference", f"difference-{name}")
            row[0].set_ylabel("Layer")
        for panel in panels[-1]:
            panel.set_xlabel("Layer")
        drawing.colorbar(image, ax=panels, shrink=0.8, pad=0.02).set_label("Correlation")


def _draw_matrix(panel: Axes, matrix: Float, title: str, name: str) -> AxesImage:
    layers = len(matrix)
    image = panel.imshow(
        np.ma.masked_invalid(matrix), vmin=-1, vmax=1, cmap="RdBu_r", origin="lower",
        extent=(0.5, layers + 0.5, 0.5, layers + 0.5), interpolation="nearest",
    )  # fmt: skip
    image.set_gid(name)  # equal pictures would get equal ids
    panel.set_title(title, fontsize=11)
    return image


def _geant4_first(samples: Samples) -> list[tuple[Observables, dict[str, Any], str]]:
    generated = [(made.showers, made.style, made.label) for made in samples.generated]
    return [(samples.geant4, GEANT4, "Geant4"), *generated]


def _fitted(axes: Axes, points: Any, style: dict[str, Any], edges_GeV: Float) -> str:
    """Draw the fit of the resolution, and return its terms in words; nothing without a fit."""
    fit = fit_resolution(points)
    if fit is None:
        return ""
    energy = np.linspace(edges_GeV[0], edges_GeV[-1], CURVE_POINTS)
    axes.plot(energy, 100 * fit.at(energy), color=style["color"], linewidth=1.2)
    a, b, c = fit.errors
    terms = {  # a term at zero, where there are too few showers to tell them apart, is left out
        f"({100 * fit.stochastic:.1f}$\\pm${100 * a:.1f})%" + r"$/E^{1/2}$": fit.stochastic,
        f"({fit.noise_GeV:.2f}$\\pm${b:.2f}) GeV$/E$": fit.noise_GeV,
        f"({100 * fit.constant:.1f}$\\pm${100 * c:.1f})%": fit.constant,
    }
    return ": " + r" $\oplus$ ".join(term for term, value in terms.items() if value > ZERO_TERM)


def _line(axes: Axes, points: Any, style: dict[str, Any], edges_GeV: Float) -> str:
    """Draw the straight line through the deposited energy, and return it in words."""
    fit = fit_linearity(points)
    if fit is None:
        return ""
    slope, offset_GeV = fit
    energy = np.linspace(np.nanmin(points.energy_GeV), edges_GeV[-1], CURVE_POINTS)
    axes.plot(energy, 100 * (slope + offset_GeV / energy), color=style["color"], linewidth=1.2)
    return rf": $E_{{sum}}$ = {100 * slope:.2f}% $E_p$ {MEV * offset_GeV:+.0f} MeV"


@dataclass(frozen=True)
class Bins:
    """Bins and names of a histogram."""

    edges: Float
    xlabel: str
    ylabel: str
    log: bool
    """Both scales."""


def _draw_counts(
    path: Path, samples: Samples, counts: Callable[[Observables], NDArray[Any]], bins: Bins
) -> None:
    """Mean counts per shower, (N, B) of every sample, and their ratio to Geant4's."""
    mc, mc_error = _mean(counts(samples.geant4))
    other = _over(*_mean(counts(samples.reference)), mc, mc_error)
    edges = bins.edges
    centres = np.sqrt(edges[:-1] * edges[1:]) if bins.log else (edges[:-1] + edges[1:]) / 2
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        ratio.stairs(
            other[0] + other[1], edges, baseline=other[0] - other[1], fill=True,
            label="Geant4 / Geant4, independent samples", **FLOOR,
        )  # fmt: skip
        for sample, style, label in _geant4_first(samples):
            values, error = _mean(counts(sample))
            mplhep.histplot(
                values, edges, yerr=error, ax=main, color=style["color"], label=label, flow="none"
            )
            if sample is not samples.geant4:
                points, error = _over(values, error, mc, mc_error)
                finite = np.isfinite(points)
                draw_ratio(ratio, centres[finite], points[finite], error[finite], style)
        main.set_ylabel(bins.ylabel)
        if bins.log:
            main.set(xscale="log", yscale="log")
        main.legend()
        ratio.set(xlabel=bins.xlabel, ylabel="Ratio to Geant4")
        ratio.set_ylim(0, min(ratio.get_ylim()[1], 3.0))
        ratio.legend(loc="best", fontsize=10)


def _mean(counts: NDArray[Any]) -> tuple[Float, Float]:
    """Mean of (N, B) over showers, with its error."""
    return counts.mean(axis=0, dtype=np.float64), counts.std(axis=0) / np.sqrt(len(counts))


def _over(values: Float, error: Float, truth: Float, truth_error: Float) -> tuple[Float, Float]:
    """Ratio to the truth and its error; NaN where the truth is 0."""
    known = np.where(truth > 0, truth, np.nan)
    return values / known, np.hypot(error / known, values * truth_error / known**2)
