"""Single numbers of docs/fig2.md that are of several trainings at once: name -> number.

`fact.name` stands for `arm.column` in the page's sentences.
"""

from collections.abc import Callable, Mapping, Sequence

Row = Mapping[str, str]
BIN_LIMIT, LAYER_LIMIT = 0.05, 0.20
"""What the baseline aims at: in every bin of energy, in every layer."""
MANY, LONGEST, ALIKE = "workers-256", "workers-256-thousand", "synchronised"


def facts(tables: Callable[[str], Sequence[Row]], part: float) -> dict[str, float]:
    """Args: what reads a table by its name, and the part of the epochs that is judged."""
    curves, law = tables("curves.csv"), tables("law.csv")
    found = {**of_baseline(tables("baseline.csv")), **of_effect(tables("arms.csv"))}
    for name, arm in (("early", MANY), ("late", LONGEST)):
        for network in ("generator", "discriminator"):
            own = by_seed(curves, arm, f"{network}_gradient_noise_scale", mean_of_last(part))
            found |= ends(f"{name}_{network}_noise", own)
    alike = by_seed(law, ALIKE, "response_low", last)
    found |= ends("synchronised_low", alike)
    found["synchronised_seeds"] = len(alike)
    found["synchronised_above_one"] = sum(response > 1 for response in alike)
    found |= ends("begun_small_low", by_seed(law, "begun-small", "response_low", last))
    return found


def of_baseline(rows: Sequence[Row]) -> dict[str, float]:
    """How many trainings with one worker are right, and how far their mean is off."""
    bins = [name for name in rows[0] if name.startswith("R_")]
    means = [sum(float(row[name]) for row in rows) / len(rows) for name in bins]
    return {
        "baseline_seeds": len(rows),
        "baseline_bins_right": sum(float(row["worst_bin"]) <= BIN_LIMIT for row in rows),
        "baseline_layers_right": sum(float(row["worst_layer"]) <= LAYER_LIMIT for row in rows),
        "baseline_mean_worst_bin": max(abs(mean - 1) for mean in means),
    }


def of_effect(rows: Sequence[Row]) -> dict[str, float]:
    """How many of its errors the degradation is."""
    many = next(row for row in rows if row["arm"] == MANY)
    return {"degradation_sigmas": float(many["effect"]) / float(many["effect_error"])}


def by_seed(
    rows: Sequence[Row], arm: str, column: str, one: Callable[[Sequence[float]], float]
) -> list[float]:
    """One number per seed of an arm, from its column over the epochs."""
    own = [row for row in rows if row["arm"] == arm]
    seeds = sorted({row["seed"] for row in own})
    return [one([float(row[column]) for row in own if row["seed"] == seed]) for seed in seeds]


def mean_of_last(part: float) -> Callable[[Sequence[float]], float]:
    """The mean over the epochs that are judged."""

    def mean(values: Sequence[float]) -> float:
        judged = values[-max(1, round(part * len(values))) :]
        return sum(judged) / len(judged)

    return mean


def last(values: Sequence[float]) -> float:
    return values[-1]


def ends(name: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{name}_from": min(values), f"{name}_to": max(values)}
