"""Cells and tables of docs/fig2.md, as text."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

KEPT = Path("reports/reference/fig2")
Row = dict[str, str]


def interval(row: Row, value: str, low: str, high: str, style: str) -> str:
    """Of several seeds; one seed has none."""
    if not row[value]:
        return ""
    text, *ends = (style.format(float(row[key])) for key in (value, low, high))
    return text if row["seeds"] == "1" else f"{text} ({ends[0]} to {ends[1]})"


def printed(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str():
            return f"`{value}`"
        case float():
            return f"{value:.3f}"
    return str(value)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    first, *others = (f"| {' | '.join(line)} |".replace("|  |", "| |") for line in (titles, *rows))
    return "\n".join([first, "|---" * len(titles) + "|", *others])


def share(those: Iterable[bool]) -> str:
    found = list(those)
    return f"{100 * sum(found) / len(found):.0f}%"


def read_rows(name: str) -> list[Row]:
    """Cells that are not a number are empty."""
    with (KEPT / name).open(newline="") as file:
        return [
            {key: "" if value == "nan" else value for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
