"""Single numbers of docs/fig2.md that are of several trainings at once: name -> number.

`fact.name` stands for `arm.column` in the page's sentences.
"""

from collections.abc import Callable, Mapping, Sequence

Row = Mapping[str, str]
MANY, LONGEST, ALIKE = "workers-256", "workers-256-thousand", "synchronised"


def facts(curves: Sequence[Row], law: Sequence[Row], part: float) -> dict[str, float]:
    """Args: rows of curves.csv and law.csv, and the part of the epochs that is judged."""
    found: dict[str, float] = {}
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
