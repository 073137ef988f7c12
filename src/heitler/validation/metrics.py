"""The lines of the score card: what they are called, their formula and source, how to get them.

Two kinds. `QUICK` numbers are measured again for every bootstrap replica and every pair of the
floor. `SLOW` ones (training a classifier, many matrix roots, nearest neighbours) know their own
error.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.config import ValidateConfig
from heitler.data.observables import Observables
from heitler.validation import cells, moments, profiles, response, separation, structure
from heitler.validation.correlation import correlation_difference
from heitler.validation.linearity_resolution import (
    linearity_deviation,
    resolution_deviation,
    resolution_ratio,
)
from heitler.validation.memorisation import COPY_DISTANCE
from heitler.validation.score import Metric
from heitler.validation.trees import GROUPS

Quick = Callable[[Observables, Observables, "Settings"], float]
"""A number from a generated and a true sample."""

CALOCHALLENGE = "CaloChallenge, arXiv:2410.21611"
GAN_3D = "3DGAN's analysis, github.com/svalleco/3Dgan"
FIG_2 = "the paper, Fig. 2"
OWN = "this project"
ENOUGH = "an energy bin with five showers"
ENOUGH_DIFFERENT = f"{ENOUGH}, whose deposited energies differ"
SEPARATION = "S = 1/2 sum (p - q)^2 / (p + q)"


@dataclass(frozen=True)
class Settings:
    """What the numbers depend on besides the showers."""

    edges_GeV: NDArray[np.float64]
    """(B + 1,) bins of primary energy"""
    hit_threshold_GeV: float
    separation_bins: int


def build_settings(config: ValidateConfig, edges_GeV: NDArray[np.float64]) -> Settings:
    """The settings of `params.yaml`."""
    return Settings(
        edges_GeV, config.hit_threshold_MeV / response.GEV_IN_MEV, config.separation_bins
    )


def _separate(of: Callable[[Observables], NDArray[np.float64]]) -> Quick:
    """S of one number per shower."""
    return lambda made, mc, s: separation.separation(of(made), of(mc), s.separation_bins)


def _shape(name: str) -> tuple[Metric, Quick]:
    place = {"longitudinal": "along the depth"}.get(name, f"across, {name[-1]}")
    metric = Metric(
        f"{name}_profile_error",
        f"Shape {place}",
        "0 to 2",
        "sum |p_k - q_k|, sum p = sum q = 1",
        OWN,
        largest=2.0,
        needs="two cells or layers along this axis, with energy",
    )
    return metric, lambda made, mc, s: profiles.profile_error(
        getattr(made, name), getattr(mc, name)
    )


def _largest(name: str, title: str) -> tuple[Metric, Quick]:
    metric = Metric(
        f"{name}_max_deviation", title, "relative",
        "max |<e_k> / <e_k>_MC - 1|, e_k = E_k / Ep, <e_k>_MC > 1% of max", OWN,
    )  # fmt: skip
    return metric, lambda made, mc, s: profiles.largest_relative_deviation(
        getattr(made, name), getattr(mc, name)
    )


def _moment(order: int, title: str, formula: str) -> tuple[Metric, Quick]:
    needs = "two cells or layers along an axis, with energy"
    metric = Metric(f"moment_{order}", title, "relative", formula, GAN_3D, needs=needs)
    return metric, lambda made, mc, s: moments.moment_deviation(made, mc, order)


def _s(
    name: str, title: str, quick: Quick, needs: str = "showers with energy"
) -> tuple[Metric, Quick]:
    metric = Metric(
        f"separation_{name}", title, "0 to 1", SEPARATION, CALOCHALLENGE, largest=1.0, needs=needs
    )
    return metric, quick


def _of_layers(name: str, title: str, what: str) -> Metric:
    return Metric(
        f"layer_{name}",
        f"{title}, mean over layers",
        "relative",
        f"mean |q / q_MC - 1|, q = {what}",
        OWN,
        needs="two layers and two cells across, with energy",
    )


def _layers(name: str, title: str, what: str, quantities: tuple[str, ...]) -> tuple[Metric, Quick]:
    metric = _of_layers(name, title, what)
    return metric, lambda made, mc, s: structure.layers_off(made, mc, quantities)


QUICK: tuple[tuple[Metric, Quick], ...] = (
    (
        Metric(
            "response_ratio", "Response, all energies", "", "<Esum/Ep> / <Esum/Ep>_MC", FIG_2, 1.0
        ),
        lambda made, mc, s: response.overall_ratio(made, mc),
    ),
    (
        Metric(
            "response_max_deviation",
            "Response, worst energy bin",
            "relative",
            "max |R(Ep) - 1|",
            FIG_2,
            needs="an energy bin with two showers",
        ),
        lambda made, mc, s: response.largest_deviation(made, mc, s.edges_GeV),
    ),
    (
        Metric(
            "offset_MeV",
            "Constant offset of the energy",
            "MeV",
            "b in Esum - Esum_MC = a Ep + b",
            OWN,
            needs="two different primary energies",
        ),
        lambda made, mc, s: response.offset_MeV(made, mc),
    ),
    (
        Metric(
            "linearity_max_deviation",
            "Linearity, worst energy bin",
            "relative",
            "max |mu90 / mu90_MC - 1|",
            "M. Thomson, NIM A 611 (2009) 25",
            needs=ENOUGH,
        ),
        lambda made, mc, s: linearity_deviation(made, mc, s.edges_GeV),
    ),
    (
        Metric(
            "resolution_ratio",
            "Resolution, mean over energy bins",
            "",
            "mean (sigma90/mu90) / (sigma90/mu90)_MC",
            "M. Thomson, NIM A 611 (2009) 25",
            1.0,
            needs=ENOUGH_DIFFERENT,
        ),
        lambda made, mc, s: resolution_ratio(made, mc, s.edges_GeV),
    ),
    (
        Metric(
            "resolution_max_deviation",
            "Resolution, worst energy bin",
            "relative",
            "max |(sigma90/mu90) / (sigma90/mu90)_MC - 1|",
            "M. Thomson, NIM A 611 (2009) 25",
            needs=ENOUGH_DIFFERENT,
        ),
        lambda made, mc, s: resolution_deviation(made, mc, s.edges_GeV),
    ),
    _largest("longitudinal", "Energy per layer, worst layer"),
    _largest("radial", "Energy per ring, worst ring"),
    _shape("longitudinal"),
    _shape("transverse_x"),
    _shape("transverse_y"),
    _moment(1, "Mean place", "max over x, y, z of |M1 / M1_MC - 1|"),
    _moment(2, "Squared width", "max over x, y, z of |M2 / M2_MC - 1|"),
    _moment(3, "Skewness", "max over x, y, z of |M3 - M3_MC| / M2_MC^(3/2)"),
    _moment(4, "Kurtosis", "max over x, y, z of |M4 - M4_MC| / M2_MC^2"),
    _s("ecal_sum", "Deposited energy", _separate(lambda sample: sample.ecal_sum_GeV)),
    _s(
        "sampling_fraction",
        "Deposited over primary energy",
        _separate(lambda s: s.sampling_fraction),
    ),
    _s(
        "layers",
        "Energy per layer, mean",
        lambda made, mc, s: separation.separation_layers(made, mc, s.separation_bins),
    ),
    _s("depth", "Depth of the shower", _separate(separation.depth), "two layers, with energy"),
    _s("width", "Width of the shower", _separate(separation.width), "two cells across"),
    _s(
        "hits",
        "Number of hits",
        lambda made, mc, s: _separate(lambda x: cells.hits(x, s.hit_threshold_GeV))(made, mc, s),
    ),
    _s("cells", "Energies of cells", lambda made, mc, s: cells.separation_cells(made, mc)),
    (
        Metric(
            "hits_ratio",
            "Cells hit",
            "",
            "<hits> / <hits>_MC",
            CALOCHALLENGE,
            1.0,
            needs="cells above validate.hit_threshold_MeV",
        ),
        lambda made, mc, s: cells.hits_ratio(made, mc, s.hit_threshold_GeV),
    ),
    (
        Metric(
            "sparsity_difference",
            "Part of cells not hit",
            "",
            "(1 - <hits>/cells) - the same of MC",
            CALOCHALLENGE,
        ),
        lambda made, mc, s: cells.sparsity_difference(made, mc, s.hit_threshold_GeV),
    ),
    (
        Metric(
            "layer_correlation",
            "Correlation between layers",
            "",
            "max |r_ij - r_ij,MC|, r_ij of E_i/Ep, E_j/Ep",
            OWN,
            needs="two layers with energy, which differs from shower to shower",
        ),
        lambda made, mc, s: correlation_difference(made, mc),
    ),
    _layers("widths", "Width of a layer", "<w_z>", structure.WIDTHS),
    _layers("largest", "Largest cell of a layer", "<max e_c / e>", structure.LARGEST),
    (
        _of_layers("wander", "Step of the centre to the next layer", "rms step"),
        lambda made, mc, s: structure.wander_off(made, mc),
    ),
    _layers(
        "products_within",
        "Products of neighbours in a layer",
        "<sum e_c e_c' / e^2>",
        structure.PRODUCTS_WITHIN,
    ),
    _layers(
        "products_between",
        "Products with the next layer",
        "<sum e_c e_c' / (e e')>",
        structure.PRODUCTS_BETWEEN,
    ),
    _layers(
        "pairs_within", "Neighbouring hits in a layer", "<pairs / hits>", structure.PAIRS_WITHIN
    ),
    _layers(
        "pairs_between",
        "Hits that go on in the next layer",
        "<pairs / hits>",
        structure.PAIRS_BETWEEN,
    ),
)

AUC, JSD = "area under the ROC curve, 0.5 guesses", "(ln 2 - BCE) / ln 2"
KANSAL = "R. Kansal et al., arXiv:2211.10295 (jetnet)"
NAEEM = "M. F. Naeem et al., arXiv:2002.09797, k = 5"
NETWORKS: tuple[Metric, ...] = tuple(
    Metric(
        f"classifier_{what}_{name}",
        f"{title}, {what.upper()}",
        unit,
        formula,
        CALOCHALLENGE,
        largest=1.0,
    )
    for name, title in (
        ("high", "Dense network on high-level features"),
        ("cells", "Dense network on all cells"),
        ("cnn", "3D ResNet on all cells"),
    )
    for what, unit, formula in (("auc", "", AUC), ("jsd", "bit", JSD))
)
"""Measured outside of this part of the package, which knows no TensorFlow: heitler.judge."""
TREES: tuple[Metric, ...] = tuple(
    Metric(f"classifier_auc_{name}", f"{title.capitalize()}, AUC", "", AUC, OWN, largest=1.0)
    for name, title in GROUPS.items()
)
SLOW: tuple[Metric, ...] = (
    Metric("fpd", "Frechet physics distance", "", "intercept of d^2 against 1/N", KANSAL),
    Metric("kpd", "Kernel physics distance", "", "median MMD^2, kernel (x.y/F + 1)^4", KANSAL),
    *(
        Metric(name, title, "", formula, NAEEM, 1.0, only_below_counts=True, perfect_is_floor=True)
        for name, title, formula in (
            ("precision", "Precision", "part of generated ones near a true one"),
            ("recall", "Recall", "part of true ones near a generated one"),
            ("density", "Density", "true balls around a generated one, over k"),
            ("coverage", "Coverage", "part of true balls with a generated one"),
        )
    ),
    Metric(
        "nearest_neighbour_ratio",
        "Nearest neighbour: seen in training / unseen",
        "",
        "[d(gen, seen) / d(unseen, seen)] / [d(gen, unseen) / d(unseen, unseen)]",
        "after CaloGAN, arXiv:1712.10321",
        1.0,
        only_below_counts=True,
        needs="two different primary energies",
    ),
    Metric(
        "copied_showers",
        "Copies of training showers",
        "part",
        f"part with d(gen, seen) < {COPY_DISTANCE:g} median d(unseen, seen)",
        OWN,
        largest=1.0,
    ),
)


def measure_quick(
    generated: Observables, truth: Observables, settings: Settings
) -> dict[str, float]:
    """All quick numbers, by metric name; NaN what cannot be measured."""
    return {metric.name: quick(generated, truth, settings) for metric, quick in QUICK}
