"""The lines of the score card: name, formula, source, limit, and how they are measured.

Two kinds. `QUICK` numbers are measured again for every bootstrap replica and every pair of the
floor. Slow ones (`heitler.validation.learned`) know their own error.
"""

from collections.abc import Mapping

from heitler.config import ConfigError
from heitler.data.observables import Observables
from heitler.validation import response, separation, structure
from heitler.validation.learned import NETWORKS, SLOW, TREES
from heitler.validation.linearity_resolution import (
    linearity_deviation,
    resolution_deviation,
    resolution_ratio,
)
from heitler.validation.lines import (
    CALOCHALLENGE,
    ENOUGH,
    ENOUGH_DIFFERENT,
    FIG_2,
    OWN,
    Quick,
    Settings,
    largest,
    layers,
    moment,
    of_layers,
    separate,
    separated,
    shape,
)
from heitler.validation.score import Limit, Metric
from heitler.validation.structure import correlation_difference

QUICK: tuple[tuple[Metric, Quick], ...] = (
    (
        Metric(
            "response_ratio",
            "Response, all energies",
            "",
            "<Esum/Ep> / <Esum/Ep>_MC",
            FIG_2,
            (0.02, 0.05),
            1.0,
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
            (0.05, 0.1),
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
            (5.0, 15.0),
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
            (0.02, 0.05),
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
            (0.05, 0.15),
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
            (0.1, 0.25),
            needs=ENOUGH_DIFFERENT,
        ),
        lambda made, mc, s: resolution_deviation(made, mc, s.edges_GeV),
    ),
    largest("longitudinal", "Energy per layer, worst layer", (0.1, 0.2)),
    largest("radial", "Energy per ring, worst ring", (0.1, 0.2)),
    shape("longitudinal", (0.05, 0.15)),
    shape("transverse_x", (0.05, 0.15)),
    shape("transverse_y", (0.05, 0.15)),
    moment(1, "Mean place", "max over x, y, z of |M1 / M1_MC - 1|", (0.05, 0.1)),
    moment(2, "Squared width", "max over x, y, z of |M2 / M2_MC - 1|", (0.05, 0.1)),
    moment(3, "Skewness", "max over x, y, z of |M3 - M3_MC| / M2_MC^(3/2)", (0.25, 0.5)),
    moment(4, "Kurtosis", "max over x, y, z of |M4 - M4_MC| / M2_MC^2", (0.5, 1.0)),
    separated(
        "ecal_sum", "Deposited energy", (0.02, 0.1), separate(lambda sample: sample.ecal_sum_GeV)
    ),
    separated(
        "sampling_fraction",
        "Deposited over primary energy",
        (0.01, 0.1),
        separate(lambda s: s.sampling_fraction),
    ),
    separated(
        "layers",
        "Energy per layer, mean",
        (0.01, 0.1),
        lambda made, mc, s: separation.separation_layers(made, mc, s.separation_bins),
    ),
    separated(
        "depth",
        "Depth of the shower",
        (0.01, 0.1),
        separate(separation.depth),
        "two layers, with energy",
    ),
    separated(
        "width", "Width of the shower", (0.01, 0.1), separate(separation.width), "two cells across"
    ),
    separated(
        "hits",
        "Number of hits",
        (0.01, 0.1),
        lambda made, mc, s: separate(lambda x: structure.hits(x, s.hit_threshold_GeV))(made, mc, s),
    ),
    separated(
        "cells",
        "Energies of cells",
        (0.005, 0.05),
        lambda made, mc, s: structure.separation_cells(made, mc),
    ),
    (
        Metric(
            "hits_ratio",
            "Cells hit",
            "",
            "<hits> / <hits>_MC",
            CALOCHALLENGE,
            (0.05, 0.1),
            1.0,
            needs="cells above validate.hit_threshold_MeV",
        ),
        lambda made, mc, s: structure.hits_ratio(made, mc, s.hit_threshold_GeV),
    ),
    (
        Metric(
            "sparsity_difference",
            "Part of cells not hit",
            "",
            "(1 - <hits>/cells) - the same of MC",
            CALOCHALLENGE,
            (0.01, 0.02),
        ),
        lambda made, mc, s: structure.sparsity_difference(made, mc, s.hit_threshold_GeV),
    ),
    (
        Metric(
            "layer_correlation",
            "Correlation between layers",
            "",
            "max |r_ij - r_ij,MC|, r_ij of E_i/Ep, E_j/Ep",
            OWN,
            (0.1, 0.2),
            needs="two layers with energy, which differs from shower to shower",
        ),
        lambda made, mc, s: correlation_difference(made, mc),
    ),
    layers("widths", "Width of a layer", "<w_z>", structure.WIDTHS),
    layers("largest", "Largest cell of a layer", "<max e_c / e>", structure.LARGEST),
    (
        of_layers("wander", "Step of the centre to the next layer", "rms step"),
        lambda made, mc, s: structure.wander_off(made, mc),
    ),
    layers(
        "products_within",
        "Products of neighbours in a layer",
        "<sum e_c e_c' / e^2>",
        structure.PRODUCTS_WITHIN,
    ),
    layers(
        "products_between",
        "Products with the next layer",
        "<sum e_c e_c' / (e e')>",
        structure.PRODUCTS_BETWEEN,
    ),
    layers(
        "pairs_within", "Neighbouring hits in a layer", "<pairs / hits>", structure.PAIRS_WITHIN
    ),
    layers(
        "pairs_between",
        "Hits that go on in the next layer",
        "<pairs / hits>",
        structure.PAIRS_BETWEEN,
    ),
)


def measure_quick(
    generated: Observables, truth: Observables, settings: Settings
) -> dict[str, float]:
    """All quick numbers, by metric name; NaN what cannot be measured."""
    return {metric.name: quick(generated, truth, settings) for metric, quick in QUICK}


def all_metrics() -> list[Metric]:
    """Of all lines, in the card's order."""
    return [*(metric for metric, _ in QUICK), *NETWORKS, *TREES, *SLOW]


def limit_of(name: str, others: Mapping[str, Limit]) -> Limit:
    """A line's limit, or the one that `validate.limits` has instead."""
    own = {metric.name: metric.limit for metric in all_metrics()}
    return others.get(name, own[name])


def require_known(others: Mapping[str, Limit]) -> None:
    """Refuse a limit of a line that there is not.

    Raises:
        ConfigError: naming it.
    """
    known = [metric.name for metric in all_metrics()]
    for name in others:
        if name not in known:
            raise ConfigError(
                f"validate.limits.{name} is of no line of the card. Lines: {', '.join(known)}."
            )
