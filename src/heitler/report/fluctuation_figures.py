"""Figures of what varies from shower to shower: resolution, cells, hits, correlations."""

from pathlib import Path
from typing import Any

import mplhep
import numpy as np
from hist import Hist, axis
from matplotlib.axes import Axes
from numpy.typing import NDArray

from heitler.data.observables import CELL_EDGES_GEV, Observables
from heitler.report.style import (
    ABOVE,
    FLOOR,
    GEANT4,
    GENERATED,
    POINTS,
    draw_ratio,
    figure,
    main_and_ratio,
)
from heitler.validation.cells import hits
from heitler.validation.correlation import layer_correlation
from heitler.validation.linearity_resolution import core_by_energy, fit_linearity, fit_resolution

Float = NDArray[np.float64]
Samples = tuple[Observables, Observables, Observables]
"""Generated, Geant4, and independent Geant4 showers."""

MEV = 1000.0
HIT_BINS = 25
ZERO_TERM = 1e-4
CURVE_POINTS = 100


def draw_resolution(
    path: Path, generated: Observables, geant4: Observables, edges_GeV: Float
) -> None:
    """mu90 against primary energy with a straight line, sigma90 / mu90 with its three terms."""
    with figure(path, height=6.2) as drawing:
        linearity, resolution = drawing.subplots(2, 1, sharex=True)
        for sample, style, name in (
            (geant4, GEANT4, "Geant4"),
            (generated, GENERATED, "generated"),
        ):
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
    filled = np.flatnonzero(samples[1].cell_spectrum.sum(axis=0) > 0)
    kept = slice(filled[0], filled[-1] + 2) if len(filled) else slice(None)
    counts = [sample.cell_spectrum[:, kept][:, : len(edges[kept]) - 1] for sample in samples]
    _draw_counts(path, counts, edges[kept], "Cell energy (MeV)", "Cells per shower", log=True)


def draw_hits(path: Path, samples: Samples, threshold_GeV: float) -> None:
    """Distribution of the number of cells hit."""
    numbers = [hits(sample, threshold_GeV) for sample in samples]
    highest = max(float(values.max()) for values in numbers) or 1.0
    bins = axis.Regular(HIT_BINS, 0, 1.001 * highest, underflow=False, overflow=False)
    counts = [  # (N, bins): one entry per shower
        np.stack([Hist(bins).fill([value]).values() for value in values]) for values in numbers
    ]
    label = f"Cells above {threshold_GeV * MEV:.3g} MeV"
    _draw_counts(path, counts, bins.edges, label, "Part of the showers", log=False)


def draw_correlations(path: Path, generated: Observables, geant4: Observables) -> None:
    """Pearson's r between the energies of every two layers, and the difference."""
    made, mc = layer_correlation(generated), layer_correlation(geant4)
    layers = len(mc)
    with figure(path, width=9.6, height=3.6) as drawing:
        panels = drawing.subplots(1, 3, sharey=True)
        for panel, matrix, title in zip(
            panels, (mc, made, made - mc), ("Geant4", "Generated", "Difference"), strict=True
        ):
            image = panel.imshow(
                np.ma.masked_invalid(matrix), vmin=-1, vmax=1, cmap="RdBu_r", origin="lower",
                extent=(0.5, layers + 0.5, 0.5, layers + 0.5), interpolation="nearest",
            )  # fmt: skip
            image.set_gid(title.lower())  # equal pictures would get equal ids
            panel.set_title(title, fontsize=11)
            panel.set_xlabel("Layer")
        panels[0].set_ylabel("Layer")
        drawing.colorbar(image, ax=panels, shrink=0.8, pad=0.02).set_label("Correlation")


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


def _draw_counts(
    path: Path, counts: list[NDArray[Any]], edges: Float, xlabel: str, ylabel: str, *, log: bool
) -> None:
    """Mean counts per shower, (N, B) each of (generated, Geant4, reference), and their ratio."""
    made, mc, other = (sample.mean(axis=0, dtype=np.float64) for sample in counts)
    errors = [sample.std(axis=0) / np.sqrt(len(sample)) for sample in counts]
    with figure(path, height=5.6) as drawing:
        main, ratio = main_and_ratio(drawing)
        for values, error, style, label in (
            (mc, errors[1], GEANT4, "Geant4"),
            (made, errors[0], GENERATED, "generated"),
        ):
            mplhep.histplot(
                values, edges, yerr=error, ax=main, color=style["color"], label=label, flow="none"
            )
        main.set_ylabel(ylabel)
        if log:
            main.set(xscale="log", yscale="log")
        main.legend()
        floor, floor_error = _over(other, errors[2], mc, errors[1])
        points, error = _over(made, errors[0], mc, errors[1])
        ratio.stairs(
            floor + floor_error, edges, baseline=floor - floor_error, fill=True,
            label="Geant4 / Geant4, independent samples", **FLOOR,
        )  # fmt: skip
        centres = np.sqrt(edges[:-1] * edges[1:]) if log else (edges[:-1] + edges[1:]) / 2
        finite = np.isfinite(points)
        draw_ratio(ratio, centres[finite], points[finite], error[finite])
        ratio.set(xlabel=xlabel, ylabel="Ratio to Geant4")
        ratio.set_ylim(0, min(ratio.get_ylim()[1], 3.0))
        ratio.legend(loc="best", fontsize=10)


def _over(values: Float, error: Float, truth: Float, truth_error: Float) -> tuple[Float, Float]:
    """Ratio to the truth and its error; NaN where the truth is 0."""
    known = np.where(truth > 0, truth, np.nan)
    return values / known, np.hypot(error / known, values * truth_error / known**2)
