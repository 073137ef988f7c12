"""The law of large batches: how far off a generator is after so many updates, by global batch."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from heitler.degradation.curves import Metrics, running_rows
from heitler.degradation.effects import Estimate, estimate
from heitler.degradation.plan import Training

Row = dict[str, Any]
BATCH = "global_batch_size"


def law_rows(
    histories: Mapping[tuple[str, int], Sequence[Metrics]],
    plan: Mapping[tuple[str, int], Training],
    part: float,
) -> list[Row]:
    """`running_rows` of every training, with its global batch."""
    return [
        row | {BATCH: plan[key].config.train.global_batch_size}
        for key, history in histories.items()
        for row in running_rows(*key, history, part)
    ]


def longest_of_each_batch(rows: Sequence[Row], arms: Collection[str]) -> list[Row]:
    """Rows of the longest training of every batch and seed, among these arms."""
    last: dict[tuple[int, int], Row] = {}
    own = [row for row in rows if row["arm"] in arms]
    for row in own:
        best = last.setdefault((row[BATCH], row["seed"]), row)
        if row["cycles"] > best["cycles"]:
            last[row[BATCH], row["seed"]] = row
    return [row for row in own if last[row[BATCH], row["seed"]]["arm"] == row["arm"]]


def mean_course(rows: Sequence[Row], abscissa: str, ordinate: str) -> list[tuple[float, Estimate]]:
    """Mean over seeds, with its interval, wherever every seed of one batch has come to."""
    seeds = {row["seed"] for row in rows}
    found = []
    for place in sorted({row[abscissa] for row in rows}):
        values = [row[ordinate] for row in rows if row[abscissa] == place]
        if len(values) == len(seeds):
            found.append((place, estimate(values, [0.0] * len(values))))
    return found
