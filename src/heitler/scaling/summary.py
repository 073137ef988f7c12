"""What a sweep found, as metrics and in words."""

from collections.abc import Iterator, Sequence
from typing import Any

Row = dict[str, Any]
REPORTED = (
    "showers_per_second",
    "efficiency",
    "efficiency_against_independent",
    "communication_fraction",
    "straggler_fraction",
    "input_fraction",
)


def flat_metrics(rows: Sequence[Row]) -> dict[str, float]:
    """`weak_2_workers_efficiency` and so on, with `_low` and `_high` where there is an interval."""
    return {
        f"{row['name'].replace('-', '_')}_{key}": row[key]
        for row in rows
        for name in REPORTED
        for key in (name, f"{name}_low", f"{name}_high")
        if row.get(key) is not None
    }


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """The answers, one per line; intervals of 95% in brackets."""
    for row in rows:
        workers, kind = row["workers"], row["kind"]
        if kind == "software":
            setup = row["name"].removeprefix("software-")
            speed = f"{row['showers_per_second']:.2f} showers/s"
            yield f"kernels {setup}: {speed}, {row['speed_up']:.2f} times the first"
        elif workers > 1 and kind == "independent":
            yield (
                f"{workers} independent processes side by side: {_interval(row, 'efficiency')} of "
                "as many times one alone (what this machine itself loses)"
            )
        elif workers > 1:
            yield f"{kind} scaling, {workers} workers: {_efficiency(row)}; {_split(row)}"


def _efficiency(row: Row) -> str:
    text = f"{_interval(row, 'efficiency')} efficient against one worker alone"
    if row.get("efficiency_against_independent") is None:
        return text
    beside = _interval(row, "efficiency_against_independent")
    return f"{text}, {beside} against as many independent processes"


def _split(row: Row) -> str:
    return (
        f"communication {row['communication_fraction']:.1%}, waiting for the slowest "
        f"{row['straggler_fraction']:.1%}, input {row['input_fraction']:.1%} of the cycle; what is "
        "left is slower computing"
    )


def _interval(row: Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low == high:
        return f"{row[name]:.1%} (measured once)"
    return f"{row[name]:.1%} [{low:.1%}, {high:.1%}]"
