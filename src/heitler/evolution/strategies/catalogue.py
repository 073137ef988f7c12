"""Strategies by the names of `evolve.strategies`."""

from collections.abc import Callable

from heitler.config import EvolveConfig
from heitler.evolution.network import NetworkShape
from heitler.evolution.strategies.antithetic import Antithetic
from heitler.evolution.strategies.base import Strategy
from heitler.evolution.strategies.library import CmaDiagonal, NevergradOnePlusOne
from heitler.evolution.strategies.one_fifth import OneFifthRule
from heitler.evolution.strategies.one_plus_lambda import OnePlusLambda
from heitler.evolution.strategies.self_adaptive import SelfAdaptive

STRATEGIES: dict[str, Callable[[NetworkShape, EvolveConfig, int], Strategy]] = {
    "one-plus-lambda": OnePlusLambda,
    "one-fifth": OneFifthRule,
    "self-adaptive": SelfAdaptive,
    "antithetic": Antithetic,
    "cma": CmaDiagonal,
    "nevergrad": NevergradOnePlusOne,
    "memetic": OnePlusLambda,
}
"""Memetic begins as the paper's; RMSprop goes on from its best (`heitler.evolution.loop`)."""


def build_strategy(name: str, shape: NetworkShape, config: EvolveConfig, seed: int) -> Strategy:
    """A strategy before its first generation."""
    return STRATEGIES[name](shape, config, seed)
