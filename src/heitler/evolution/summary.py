"""Runs of all strategies and seeds in one table, and what they say of the paper's claims."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig

Float = NDArray[np.floating]
Row = dict[str, Any]
PAPER, GRADIENT = "one-plus-lambda", "rmsprop"
QUICK_SHARE = 0.05
"""Share of the budget: what "very quickly" is taken to mean."""
SMALL_ERROR = 0.10
PAPERS_SHOWERS = 5_000


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


def summarise(curves: Sequence[Row], energies: Sequence[Row], config: EvolveConfig) -> Row:
    """Flat: final test losses (median, quartiles over seeds), gaps to RMSprop, claims."""
    names = list(dict.fromkeys(row["strategy"] for row in curves))
    found: Row = {"seeds": len(config.seeds), "cost_epochs": config.cost_epochs}
    for name in names:
        final = [_at(curves, name, seed, np.inf, "test_loss") for seed in config.seeds]
        low, median, high = np.percentile(final, [25, 50, 75]).tolist()
        seconds = [_at(curves, name, seed, np.inf, "seconds") for seed in config.seeds]
        found |= {f"{name}_loss": median, f"{name}_loss_low": low, f"{name}_loss_high": high}
        found[f"{name}_seconds"] = float(np.median(seconds))
        found[f"{name}_error_worst_bin"] = _worst_bin(energies, name)
    for name in names:
        found[f"{name}_gap"] = found[f"{name}_loss"] / found[f"{GRADIENT}_loss"] - 1
    return found | _claims(curves, found, config)


def _claims(curves: Sequence[Row], found: Row, config: EvolveConfig) -> Row:
    if f"{PAPER}_loss" not in found:
        return {}
    early = QUICK_SHARE * config.cost_epochs
    loss = {
        name: float(np.median([_at(curves, name, s, early, "test_loss") for s in config.seeds]))
        for name in (PAPER, GRADIENT)
    }
    return {
        "early_cost_epochs": early,
        "early_loss_genetic": loss[PAPER],
        "early_loss_rmsprop": loss[GRADIENT],
        "claim_low_loss_quickly": bool(loss[PAPER] < loss[GRADIENT]),
        "claim_rmsprop_lower_in_the_end": bool(found[f"{GRADIENT}_loss"] < found[f"{PAPER}_loss"]),
        "claim_error_below_10_percent": bool(found[f"{PAPER}_error_worst_bin"] < SMALL_ERROR),
    }


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


def sentences(found: Row, config: EvolveConfig) -> list[str]:
    """Table 1, the final losses and the verdicts, for people."""
    names = [key.removesuffix("_gap") for key in found if key.endswith("_gap")]
    return [
        f"Table 1: weights mutated at rate {config.mutation_rate:g} by U[-1, 1] x "
        f"{config.mutation_power:g}; M = {config.parents}; lambda = {config.offspring}; bias 0; "
        f"{found['train_showers']:,} showers (the paper: {PAPERS_SHOWERS:,}); batch "
        f"{config.batch_size}",
        *(
            f"{name}: test loss {found[f'{name}_loss']:.4f} (quartiles "
            f"{found[f'{name}_loss_low']:.4f}-{found[f'{name}_loss_high']:.4f}, "
            f"{found['seeds']} seeds), {found[f'{name}_gap']:+.1%} from RMSprop's, "
            f"worst energy bin {found[f'{name}_error_worst_bin']:.1%}, "
            f"{found[f'{name}_seconds']:.1f} s"
            for name in names
        ),
        *(
            f"on these showers the paper's claim '{key.removeprefix('claim_').replace('_', ' ')}' "
            + ("holds" if value else "does not hold")
            for key, value in found.items()
            if key.startswith("claim_")
        ),
    ]
