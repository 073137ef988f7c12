"""Kinds of lines of the score card: what a metric is made of besides its function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.config import ValidateConfig
from heitler.data.observables import Observables
from heitler.validation import profiles, response, separation, structure
from heitler.validation.score import Limit, Metric

Quick = Callable[[Observables, Observables, "Settings"], float]
"""A number from a generated and a true sample."""

CALOCHALLENGE = "CaloChallenge, arXiv:2410.21611"
GAN_3D = "3DGAN's analysis, github.com/svalleco/3Dgan"
FIG_2 = "the paper, Fig. 2"
OWN = "this project"
ENOUGH = "an energy bin with five showers"
ENOUGH_DIFFERENT = f"{ENOUGH}, whose deposited energies differ"
SEPARATION = "S = 1/2 sum (p - q)^2 / (p + q)"
OF_LAYERS: Limit = (0.03, 0.1)
NEIGHBOURS: Limit = (0.05, 0.15)
OF_DENSE: dict[str, Limit] = {"auc": (0.6, 0.87), "jsd": (0.03, 0.35)}


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


def separate(of: Callable[[Observables], NDArray[np.float64]]) -> Quick:
    """S of one number per shower."""
    return lambda made, mc, s: separation.separation(of(made), of(mc), s.separation_bins)


def shape(name: str, limit: Limit) -> tuple[Metric, Quick]:
    """Difference of a profile's shape."""
    place = {"longitudinal": "along the depth"}.get(name, f"across, {name[-1]}")
    metric = Metric(
        f"{name}_profile_error",
        f"Shape {place}",
        "0 to 2",
        "sum |p_k - q_k|, sum p = sum q = 1",
        OWN,
        limit,
        largest=2.0,
        needs="two cells or layers along this axis, with energy",
    )
    return metric, lambda made, mc, s: profiles.profile_error(
        getattr(made, name), getattr(mc, name)
    )


def largest(name: str, title: str, limit: Limit) -> tuple[Metric, Quick]:
    """Largest deviation of a profile."""
    metric = Metric(
        f"{name}_max_deviation", title, "relative",
        "max |<e_k> / <e_k>_MC - 1|, e_k = E_k / Ep, <e_k>_MC > 1% of max", OWN, limit,
    )  # fmt: skip
    return metric, lambda made, mc, s: profiles.largest_relative_deviation(
        getattr(made, name), getattr(mc, name)
    )


def moment(order: int, title: str, formula: str, limit: Limit) -> tuple[Metric, Quick]:
    """A moment of the energy's distribution in space."""
    needs = "two cells or layers along an axis, with energy"
    metric = Metric(f"moment_{order}", title, "relative", formula, GAN_3D, limit, needs=needs)
    return metric, lambda made, mc, s: profiles.moment_deviation(made, mc, order)


def separated(
    name: str, title: str, limit: Limit, quick: Quick, needs: str = "showers with energy"
) -> tuple[Metric, Quick]:
    """Separation power of a quantity."""
    metric = Metric(
        f"separation_{name}",
        title,
        "0 to 1",
        SEPARATION,
        CALOCHALLENGE,
        limit,
        largest=1.0,
        needs=needs,
    )
    return metric, quick


def of_layers(name: str, title: str, what: str) -> Metric:
    """A deviation per layer, averaged."""
    return Metric(
        f"layer_{name}",
        f"{title}, mean over layers",
        "relative",
        f"mean |q / q_MC - 1|, q = {what}",
        OWN,
        OF_LAYERS,
        needs="two layers and two cells across, with energy",
    )


def layers(name: str, title: str, what: str, quantities: tuple[str, ...]) -> tuple[Metric, Quick]:
    """The same of quantities of `heitler.validation.structure`."""
    metric = of_layers(name, title, what)
    return metric, lambda made, mc, s: structure.layers_off(made, mc, quantities)
