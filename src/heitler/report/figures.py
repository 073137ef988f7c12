"""Which figures the page shows, with caption and text alternative."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from heitler.config import OURS, PUBLISHED, Recipe
from heitler.report.inline import inline_svg
from heitler.report.results import Results
from heitler.report.wording import LABELS, energies

PAGE = "report"
"""Folder, under `reports/`, of the figures of all recipes."""


@dataclass(frozen=True)
class Figure:
    """A figure on the page."""

    path: str
    """Under `reports/`."""
    caption: str
    alternative: str
    """What it shows, in words, for who cannot see it."""

    def load(self, reports: Path) -> Markup:
        """The `<svg>` element."""
        return inline_svg(Results(reports).figure(self.path), self.alternative)


def response_figure(folder: str, bins: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """The main figure, in a folder under `reports/`; its alternative gives the ratios.

    Args:
        folder: where it is.
        bins: rows of each generator's `response.csv`, by its label.
    """
    said = [f"{label}{': ' * bool(words)}{words}" for label, words in _ratios(bins).items()]
    return Figure(
        f"{folder}/response.svg",
        "Deposited over primary energy (the sampling fraction) against primary energy, and the "
        "ratio of generated to Geant4 showers below. Bars are errors of the mean. The band shows "
        "what statistics alone does: two independent Geant4 samples. Between the dotted lines "
        "the response passes.",
        f"Ratio of generated to Geant4 sampling fraction; {'; '.join(said)}.",
    )


def _ratios(bins: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    return {
        label: ", ".join(
            f"{row['response_ratio']:.2f} from {energies(row)}"
            for row in rows
            if row.get("response_ratio") is not None
        )
        for label, rows in bins.items()
    }


def page_figure(results: Results) -> Figure:
    """The page's main figure, of all recipes."""
    return response_figure(PAGE, {LABELS[r.recipe]: r.response for r in results.recipes})


def page_shapes(results: Results) -> list[Figure]:
    """What the showers of all recipes are like, and what classifiers find of ours."""
    return [*shapes(PAGE), *classifiers(f"validate/{OURS}", results.reports)]


def page_displays() -> list[Figure]:
    """Event displays of all recipes, and a Geant4 shower."""
    return [*displays(PAGE), GEANT4_DISPLAY]


def shapes(folder: str) -> list[Figure]:
    """What the showers are like, drawn in a folder under `reports/`."""
    return [replace(figure, path=f"{folder}/{figure.path}") for figure in SHAPES]


SHAPES = (
    Figure(
        "resolution.svg",
        "Linearity and resolution: mean and relative spread of the deposited energy, tails left "
        "out, with the fit of stochastic, noise and constant term (E in GeV).",
        "Mean and relative spread of the sampling fraction against primary energy, with fits.",
    ),
    Figure(
        "longitudinal.svg",
        "Along the depth: mean energy in each layer over the primary energy. Arrows at the upper "
        "edge: ratios that are larger still.",
        "Mean energy per layer of Geant4 and generated showers, with their ratio.",
    ),
    Figure(
        "radial.svg",
        "Across: mean energy in rings around the axis.",
        "Mean energy per ring around the axis of Geant4 and generated showers, with ratio.",
    ),
    Figure(
        "transverse_x.svg",
        "Across: mean energy in each column of cells along x.",
        "Mean energy per column of cells along x of Geant4 and generated showers, with ratio.",
    ),
    Figure(
        "transverse_y.svg",
        "Across: mean energy in each column of cells along y.",
        "Mean energy per column of cells along y of Geant4 and generated showers, with ratio.",
    ),
    Figure(
        "cells.svg",
        "Energies of single cells.",
        "Histogram of cell energies of Geant4 and generated showers, with ratio.",
    ),
    Figure(
        "hits.svg",
        "How many cells are hit.",
        "Histogram of the number of hits of Geant4 and generated showers, with ratio.",
    ),
    Figure(
        "correlations.svg",
        "How the energies of two layers vary together: a shower that starts late is strong at the "
        "back and weak at the front.",
        "Correlation matrices of the layers of Geant4 and generated showers, and their difference.",
    ),
)

CLASSIFIERS = Figure(
    "classifiers.svg",
    "How well networks tell generated from Geant4 showers: area under the ROC curve over the "
    "number of showers of each kind (60% train, 20% choose the epoch, 20% are asked). 0.5 is "
    "guessing; the band is what Geant4 against itself gives, 2 sigma. Where a curve still rises, "
    "more showers would tell more.",
    "AUC of three classifiers over the number of showers.",
)


def classifiers(folder: str, reports: Path) -> list[Figure]:
    """What classifiers found, in a folder under `reports/`; none where too few were asked."""
    figure = replace(CLASSIFIERS, path=f"{folder}/{CLASSIFIERS.path}")
    return [figure] if (reports / figure.path).is_file() else []


def displays(folder: str) -> list[Figure]:
    """Event displays in a folder under `reports/`."""
    return [replace(figure, path=f"{folder}/{figure.path}") for figure in DISPLAYS]


DISPLAYS = (
    Figure(
        "showers.svg",
        "One shower of each kind at the same primary energy, from the side (above; the particle "
        "comes from the left) and from the front (below).",
        "Colour maps of one Geant4 and one generated shower.",
    ),
    Figure(
        "mean_showers.svg",
        "The mean of all test showers of each kind.",
        "Colour maps of the mean Geant4 and the mean generated shower.",
    ),
)

GEANT4_DISPLAY = Figure(
    "prepare/event_display.svg",
    "A Geant4 shower of the test set, from the side and from the front.",
    "Colour maps of one Geant4 shower of the test set.",
)

PUZZLE = Figure(
    "report/puzzle.svg",
    "Single showers of different events, from the side (the particle comes from the left) and from "
    "the front. Half of them are Geant4's, the others were generated by ours. Which?",
    "Small colour maps of single showers, some of Geant4, some generated, without saying which.",
)

LEARNING = Figure(
    "report/learning.svg",
    "What both recipes learn on the same showers in about the same time: the largest deviation of "
    "the response in a bin of primary energy, on showers of the validation set, after every epoch.",
    "Largest deviation of the response against the time of training, of both recipes.",
)


def training_figures(recipe: Recipe) -> list[Figure]:
    """How a recipe's training went; text alternatives name it."""
    return [
        replace(
            figure,
            path=f"report/{recipe}/{figure.path}",
            caption=f"{figure.caption}{LOSSES[recipe] * (figure is TRAINING[0])}",
            alternative=f"{figure.alternative} Recipe: {LABELS[recipe]}.",
        )
        for figure in TRAINING
    ]


LOSSES: dict[Recipe, str] = {
    PUBLISHED: "their weighted total, telling real from generated (cross-entropy), and the mean "
    "errors of the primary and of the deposited energy. Each cycle updates the discriminator on "
    "real and on fake showers, then the generator.",
    OURS: "the negative logarithm of the likelihood of real showers, per layer, and its parts: "
    "hits and energy of the layers; which cells are hit, their energies; hits and energy of each "
    "turn, a quarter of a layer's cells. Lower is better.",
}
"""What a recipe's losses are."""
TRAINING = (
    Figure(
        "losses.svg",
        "Losses per epoch: ",
        "Losses after every epoch.",
    ),
    Figure(
        "response_history.svg",
        "Response ratio of the validation set after every epoch; 1 is right.",
        "Response ratio in bins of primary energy after every epoch.",
    ),
    Figure(
        "epoch_times.svg",
        "Where the time went, as the mean over workers, and the speed of training.",
        "Seconds per epoch for computing, communication and input, and showers per second.",
    ),
)

COST = Figure(
    "report/cost.svg",
    "CPU time per shower, all threads added, against primary energy: Geant4 follows more particles "
    "at higher energy, a network computes the same for every shower. Below, their ratio.",
    "CPU time per shower of Geant4 and of the generators in bins of primary energy, with ratio.",
)

WORKERS = Figure(
    "scale/efficiency.svg",
    "Time per epoch and efficiency measured on this machine, one worker's speed being 100%; bars "
    "are 95% intervals, dashed lines are ideal. Processes that do not communicate, where there are "
    "any, show what the machine itself loses when several work at once.",
    "Time per epoch and efficiency against the number of workers, measured.",
)

MANY_NODES = Figure(
    "project/fig1.svg",
    "The paper's Fig. 1 with our numbers. Above, time per epoch against nodes; dotted lines are "
    "perfect scaling. Below, the efficiency: time on one node over N times the time on N nodes. "
    "Bars are what the rounding of the printed numbers allows; the band is the interval of our "
    "projection. A triangle is measured, a line is projected.",
    "Time per epoch and scaling efficiency against nodes: two systems of the paper, and ours "
    "projected.",
)

DEGRADATION = (
    Figure(
        "degradation/fig2.svg",
        "The paper's Fig. 2: deposited over primary energy of Geant4, one worker and many, and of "
        "what cures them; the ratio to Geant4 below. Bars are standard errors over seeds and "
        "showers, added in quadrature.",
        "Sampling fraction against primary energy for Geant4 and networks trained on one and many "
        "workers, with ratio.",
    ),
    Figure(
        "degradation/effects.svg",
        "How far each way to train is off in the lowest energy bin, with 95% intervals. Grey: "
        "what counts as cured.",
        "Absolute deviation of the response at low energy for every way to train.",
    ),
)

EVOLUTION = (
    Figure(
        "evolve/fig3_left.svg",
        "The paper's Fig. 3, left: test loss against epochs, against equal cost, and against time; "
        "median and quartiles over seeds.",
        "Test loss of the genetic algorithm, of other strategies and of RMSprop while they train.",
    ),
    Figure(
        "evolve/fig3_right.svg",
        "The paper's Fig. 3, right: estimated over true energy, and the mean relative error, in "
        "bins of primary energy. Dashed: 10%.",
        "Estimated over true energy and relative error of every strategy, by primary energy.",
    ),
)

DATA = (
    Figure(
        "prepare/energy_spectrum.svg",
        "Primary energies of the three sets.",
        "Histograms of the primary energy of training, validation and test showers.",
    ),
    Figure(
        "prepare/sampling_fraction.svg",
        "Sampling fraction of the training showers, and the polynomial that training uses as "
        "the energy to expect.",
        "Sampling fraction of single Geant4 showers against primary energy, with fit.",
    ),
    Figure(
        "prepare/longitudinal.svg",
        "Higher energies reach deeper.",
        "Mean energy per layer in three ranges of primary energy.",
    ),
    Figure(
        "prepare/cell_spectrum.svg",
        "Energies of single cells, over several orders of magnitude.",
        "Histogram of cell energies.",
    ),
)
