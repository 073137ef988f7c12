"""The table of docs/fig2.md that follows trainings along: by cycles and batch.

Every row of law.csv is what a training would have been judged by, had it ended there.
"""

from collections.abc import Mapping, Sequence

from heitler.degradation.effects import Estimate, estimate

Row = Mapping[str, str]
BATCH = "global_batch_size"
THE_BATCH_ALONE = ("workers-256", "batch-times-", "few-updates")
"""Beginnings of the names of arms that change nothing but the batch and when training ends."""
ONE_WORKER = ("one-worker", "one-worker-thousand", "one-worker-longer")
"""Others, by their whole names."""
CYCLES = (80, 260, 1000)
SEEDS = 3
NEAR = 0.12
"""How far from the cycles of a column a training may be judged, relatively."""


def of_the_batch(rows: Sequence[Row]) -> list[Row]:
    return [r for r in rows if r["arm"].startswith(THE_BATCH_ALONE) or r["arm"] in ONE_WORKER]


def cycles_rows(rows: Sequence[Row], name: str = "deviation_low") -> list[list[str]]:
    """Deviation by batch, at about as many cycles."""
    own = of_the_batch(rows)
    return [
        [f"{batch:,}", *(cell(own, batch, cycles, name) for cycles in CYCLES)]
        for batch in sorted({int(row[BATCH]) for row in own})
    ]


def cell(rows: Sequence[Row], batch: int, cycles: int, name: str) -> str:
    found = at_cycles(rows, batch, cycles)
    if not found:
        return ""
    mean = estimate([float(row[name]) for row in found.values()], [0.0] * len(found))
    few = f", {len(found)} of {SEEDS} seeds" if len(found) < SEEDS else ""
    return printed(mean, "{:.2f}") + few


def at_cycles(rows: Sequence[Row], batch: int, cycles: int) -> dict[str, Row]:
    """By seed, of the training that is judged nearest to so many cycles."""
    found: dict[str, Row] = {}
    for row in rows:
        if int(row[BATCH]) != batch or distance(row, cycles) > NEAR:
            continue
        best = found.setdefault(row["seed"], row)
        if distance(row, cycles) < distance(best, cycles):
            found[row["seed"]] = row
    return found


def distance(row: Row, cycles: int) -> float:
    return abs(int(row["cycles"]) / cycles - 1)


def printed(mean: Estimate, style: str) -> str:
    """With its interval over seeds, if there is more than one."""
    text, low, high = (style.format(x) for x in (mean.value, mean.low, mean.high))
    return f"{text} ({low} to {high})" if mean.seeds > 1 else text
