"""Tables of docs/fig2.md that follow trainings along: by epochs, and by cycles and batch.

Every row of law.csv is what a training would have been judged by, had it ended there.
"""

from collections.abc import Mapping, Sequence

from heitler.degradation.effects import Estimate, estimate

Row = Mapping[str, str]
BATCH, ONE, MANY = "global_batch_size", 8, 512
THE_BATCH_ALONE = ("one-worker", "workers-256", "batch-times-", "few-updates")
"""Beginnings of the names of arms that change nothing but the batch and when training ends."""
EPOCHS, CYCLES = (20, 40, 60, 80), (80, 260, 1000)
SEEDS = 3
NEAR = 0.12
"""How far from the cycles of a column a training may be judged, relatively."""


def of_the_batch(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["arm"].startswith(THE_BATCH_ALONE)]


def epochs_rows(rows: Sequence[Row]) -> list[list[str]]:
    """One worker's worst bin by seed, and how much more 256 are off, low and in the worst bin."""
    found = []
    for epoch in EPOCHS:
        one, many = (at_epoch(of_the_batch(rows), batch, epoch) for batch in (ONE, MANY))
        if one and many:
            worst = ", ".join(percent(one[seed]["worst_bin"]) for seed in sorted(one))
            changes = [
                printed(difference(many, one, name), "{:+.2f}")
                for name in ("deviation_low", "worst_bin")
            ]
            response = [float(row["response_low"]) for row in many.values()]
            low = printed(estimate(response, [0.0] * len(response)), "{:.2f}")
            found.append([str(epoch), worst, many[min(many)]["cycles"], low, *changes])
    return found


def at_epoch(rows: Sequence[Row], batch: int, epoch: int) -> dict[str, Row]:
    """By seed; longer trainings have the same first epochs."""
    own = [r for r in rows if int(r[BATCH]) == batch and int(r["epoch"]) == epoch]
    return {row["seed"]: row for row in own}


def difference(many: Mapping[str, Row], one: Mapping[str, Row], name: str) -> Estimate:
    """Many workers less one in a column, seed by seed."""
    seeds = sorted(set(many) & set(one))
    values = [float(many[seed][name]) - float(one[seed][name]) for seed in seeds]
    return estimate(values, [0.0] * len(values))


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


def percent(value: str) -> str:
    return f"{100 * float(value):.1f}%"
