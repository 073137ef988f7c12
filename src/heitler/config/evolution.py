"""The section `evolve`: a genetic algorithm against gradient descent."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import (
    STRICT,
    ConfigError,
    Fraction,
    NonNegativeInt,
    Positive,
    PositiveInt,
)

STRATEGIES = Path(__file__).parents[1] / "evolution/strategies"
"""The folder with a file per strategy."""


def strategy_names() -> list[str]:
    """Of all strategies, such as one-fifth of one_fifth.py."""
    return sorted(path.stem.replace("_", "-") for path in STRATEGIES.glob("[a-z]*.py"))


Tunable = Literal["mutation_rate", "mutation_power", "step_size", "learning_rate"]


@dataclass(frozen=True, config=STRICT, kw_only=True)
class EvolveConfig:
    """The network of the paper's section 5, who trains it, and for how long."""

    workers: PositiveInt
    """Horovod processes; the evolution is the same on any number."""
    showers: PositiveInt
    """Training showers used, at most."""
    batch_size: PositiveInt
    """Showers on which one generation is judged, and of one step of RMSprop."""
    parents: PositiveInt
    """Random individuals at the start (the paper's M)."""
    offspring: Annotated[int, Field(ge=2, strict=True)]
    """Children per generation (the paper's lambda)."""
    mutation_rate: Annotated[float, Field(strict=True, gt=0, le=1)]
    """Probability that a weight is mutated."""
    mutation_power: Positive
    """Largest change of a weight; the change is uniform in [-1, 1] times it."""
    step_size: Positive
    """Standard deviation at the start of antithetic, cma and nevergrad."""
    filters: PositiveInt
    """Features of the network's convolution."""
    kernel: PositiveInt
    """Cells per side of the convolution's kernel."""
    stride: PositiveInt
    """Cells between neighbouring places of the kernel."""
    leaky_relu_slope: Fraction
    """For negative inputs."""
    learning_rate: Positive
    """RMSprop's, and that of the antithetic strategy's Adam."""
    strategies: tuple[str, ...]
    """Beside RMSprop, which is always trained."""
    cost_epochs: PositiveInt
    """Budget of every run: forward passes of one network over the training showers. A backward
    pass counts as two."""
    memetic_share: Annotated[float, Field(strict=True, gt=0, lt=1)]
    """Share of the budget that memetic evolves before RMSprop goes on."""
    by_strategy: dict[str, dict[Tunable, Positive]]
    """What is other than above for one of them."""
    seeds: tuple[NonNegativeInt, ...]
    """Every strategy runs once with each."""
    energy_bins: PositiveInt
    """Bins of primary energy in which the final error is given."""

    def __post_init__(self) -> None:
        if not self.seeds or not self.strategies:
            raise ConfigError("evolve.seeds or evolve.strategies is empty. Give at least one.")
        for name, values in (("seeds", self.seeds), ("strategies", self.strategies)):
            if len(set(values)) < len(values):
                raise ConfigError(f"evolve.{name} has {values}: name each once.")
        _require_strategies("strategies", self.strategies, strategy_names())
        _require_strategies("by_strategy", self.by_strategy, [*strategy_names(), "rmsprop"])
        for name, own in self.by_strategy.items():
            if own.get("mutation_rate", 0) > 1:
                raise ConfigError(
                    f"evolve.by_strategy.{name}.mutation_rate is {own['mutation_rate']}: a "
                    "probability, at most 1."
                )
        if self.offspring % 2 and "antithetic" in self.strategies:
            raise ConfigError(
                f"evolve.offspring is {self.offspring}, but antithetic pairs need an even number. "
                f"Use {self.offspring - 1} or {self.offspring + 1}, or leave antithetic out."
            )

    def of_strategy(self, name: str) -> "EvolveConfig":
        """The section as one strategy (or rmsprop) sees it."""
        own: dict[str, Any] = {str(key): v for key, v in self.by_strategy.get(name, {}).items()}
        return dataclasses.replace(self, **own, by_strategy={})


def _require_strategies(key: str, names: Iterable[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(
                f"evolve.{key} names {name!r}, which is no strategy. Strategies: "
                f"{', '.join(known)}; each is a file of src/heitler/evolution/strategies."
            )
