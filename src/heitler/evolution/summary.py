"""Runs of all strategies and seeds in one table, and what they say of the paper's claims."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.config.evolution import strategy_names

Float = NDArray[np.floating]
Row = dict[str, Any]
PAPER, GRADIENT = "one-plus-lambda", "rmsprop"
QUICK_SHARE = 0.05
"""Share of the budget: what "very quickly" is taken to mean."""
SMALL_ERROR = 0.10
PAPERS_SHOWERS = 5_000


@dataclass(frozen=True)
class StrategyResult:
    """How a strategy, or RMSprop, ends."""

    loss: float
    """On test showers; median over seeds, quartiles beside."""
    loss_low: float
    loss_high: float
    seconds: float
    error_worst_bin: float
    """Mean relative error in the worst bin of primary energy, median over seeds."""
    gap: float
    """The loss over RMSprop's, less 1."""


@dataclass(frozen=True)
class EvolutionResults:
    """What the stage has found; `metrics` is its flat view."""

    strategies: dict[str, StrategyResult]
    seeds: int
    cost_epochs: int
    train_showers: int
    test_showers: int
    early_cost_epochs: float = math.nan
    """Forward passes over the showers after which the losses below are; NaN without the paper's
    strategy."""
    early_loss_genetic: float = math.nan
    early_loss_rmsprop: float = math.nan

    @property
    def claims(self) -> dict[str, bool]:
        """What the paper says, and whether it is so."""
        if math.isnan(self.early_cost_epochs):
            return {}
        genetic, gradient = self.strategies[PAPER], self.strategies[GRADIENT]
        return {
            "low_loss_quickly": self.early_loss_genetic < self.early_loss_rmsprop,
            "rmsprop_lower_in_the_end": gradient.loss < genetic.loss,
            "error_below_10_percent": genetic.error_worst_bin < SMALL_ERROR,
        }

    @property
    def metrics(self) -> Row:
        """Flat, for `metrics.json` and MLflow."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "strategies"}
        return {
            **{name: value for name, value in own.items() if not math.isnan(value)},
            **{
                f"{strategy}_{name}": value
                for strategy, found in self.strategies.items()
                for name, value in asdict(found).items()
            },
            **{f"claim_{name}": holds for name, holds in self.claims.items()},
        }

    @classmethod
    def of(cls, metrics: Mapping[str, Any], config: EvolveConfig) -> "EvolutionResults":
        """From such metrics; KeyError if one lacks. `config` gives the strategies' order."""
        known = dict.fromkeys((GRADIENT, *config.strategies, *strategy_names()))
        columns = [field.name for field in fields(StrategyResult)]
        found = {
            name: StrategyResult(**{column: metrics[f"{name}_{column}"] for column in columns})
            for name in known
            if f"{name}_loss" in metrics
        }
        own = [f for f in fields(cls)[1:] if f.name in metrics or f.default is MISSING]
        return cls(found, **{field.name: metrics[field.name] for field in own})


def curve_rows(histories: Mapping[tuple[str, int], Sequence[Mapping[str, float]]]) -> list[Row]:
    """All tested generations of all runs."""
    columns = ("step", "epoch", "cost_epochs", "seconds", "loss_best", "loss_median", "test_loss")
    return [
        {"strategy": name, "seed": seed, **{column: row[column] for column in columns}}
        for (name, seed), history in histories.items()
        for row in history
        if "test_loss" in row
    ]


def energy_rows(ratios: Mapping[tuple[str, int], Float], energy_GeV: Float, bins: int) -> list[Row]:
    """Estimated over true energy in bins of equal width: mean and mean relative error."""
    edges = np.linspace(energy_GeV.min(), energy_GeV.max(), bins + 1)
    place = np.clip(np.digitize(energy_GeV, edges) - 1, 0, bins - 1)
    return [
        {
            "strategy": name,
            "seed": seed,
            "energy_low_GeV": float(edges[i]),
            "energy_high_GeV": float(edges[i + 1]),
            "showers": int(np.sum(place == i)),
            "ratio_mean": float(ratio[place == i].mean()),
            "ratio_std": float(ratio[place == i].std()),
            "relative_error": float(np.abs(ratio[place == i] - 1).mean()),
        }
        for (name, seed), ratio in ratios.items()
        for i in range(bins)
        if np.any(place == i)
    ]


def summarise(
    curves: Sequence[Row],
    energies: Sequence[Row],
    config: EvolveConfig,
    train_showers: int,
    test_showers: int,
) -> EvolutionResults:
    """Final test losses (median, quartiles over seeds), gaps to RMSprop, what the claims need."""
    names = list(dict.fromkeys(row["strategy"] for row in curves))
    losses = {name: _over_seeds(curves, name, np.inf, "test_loss", config) for name in names}
    reference = float(np.median(losses[GRADIENT]))
    found = {}
    for name, final in losses.items():
        low, median, high = np.percentile(final, [25, 50, 75]).tolist()
        seconds = _over_seeds(curves, name, np.inf, "seconds", config)
        found[name] = StrategyResult(
            loss=median,
            loss_low=low,
            loss_high=high,
            seconds=float(np.median(seconds)),
            error_worst_bin=_worst_bin(energies, name),
            gap=median / reference - 1,
        )
    results = EvolutionResults(
        found, len(config.seeds), config.cost_epochs, train_showers, test_showers
    )
    if PAPER not in found:
        return results
    early = QUICK_SHARE * config.cost_epochs
    genetic, gradient = (
        float(np.median(_over_seeds(curves, name, early, "test_loss", config)))
        for name in (PAPER, GRADIENT)
    )
    return replace(
        results,
        early_cost_epochs=early,
        early_loss_genetic=genetic,
        early_loss_rmsprop=gradient,
    )


def _over_seeds(
    curves: Sequence[Row], name: str, cost: float, column: str, config: EvolveConfig
) -> list[float]:
    return [_at(curves, name, seed, cost, column) for seed in config.seeds]


def _at(curves: Sequence[Row], name: str, seed: int, cost: float, column: str) -> float:
    """Value of the last test at most `cost` into a run; of its first one if there is none."""
    own = [row for row in curves if row["strategy"] == name and row["seed"] == seed]
    within = [row for row in own if row["cost_epochs"] <= cost] or own[:1]
    return float(within[-1][column])


def _worst_bin(energies: Sequence[Row], name: str) -> float:
    """Largest of the bins' relative errors, each the median over seeds."""
    by_bin: dict[float, list[float]] = {}
    for row in energies:
        if row["strategy"] == name:
            by_bin.setdefault(row["energy_low_GeV"], []).append(row["relative_error"])
    return float(max(np.median(errors) for errors in by_bin.values()))


def sentences(found: EvolutionResults, config: EvolveConfig) -> list[str]:
    """Table 1, the final losses and the verdicts, for people."""
    return [
        f"Table 1: weights mutated at rate {config.mutation_rate:g} by U[-1, 1] x "
        f"{config.mutation_power:g}; M = {config.parents}; lambda = {config.offspring}; bias 0; "
        f"{found.train_showers:,} showers (the paper: {PAPERS_SHOWERS:,}); batch "
        f"{config.batch_size}",
        *(
            f"{name}: test loss {own.loss:.4f} (quartiles {own.loss_low:.4f}-{own.loss_high:.4f}, "
            f"{found.seeds} seeds), {own.gap:+.1%} from RMSprop's, worst energy bin "
            f"{own.error_worst_bin:.1%}, {own.seconds:.1f} s"
            for name, own in found.strategies.items()
        ),
        *(
            f"on these showers the paper's claim '{claim.replace('_', ' ')}' "
            + ("holds" if holds else "does not hold")
            for claim, holds in found.claims.items()
        ),
    ]
