"""Write the tables of docs/fig2.md from the kept result; its sentences are written by hand.

    python benchmarks/fig2_page.py

A table stands between `<!-- name -->` and `<!-- end -->`. Its numbers are those of
reports/reference/fig2 and of reports/reference/headlines.json; a test reads the page back.
"""

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

PAGE, KEPT = Path("docs/fig2.md"), Path("reports/reference/fig2")
HEADLINES = Path("reports/reference/headlines.json")
Row = dict[str, str]


def main() -> None:
    text = PAGE.read_text()
    for name, table in TABLES.items():
        block = f"<!-- {name} -->\n\n{table()}\n\n<!-- end -->"
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, b=block: b, text, flags=re.S)
    PAGE.write_text(text)


def baseline_table() -> str:
    rows = read_rows("baseline.csv")
    bins = [name for name in rows[0] if name.startswith("R_")]
    titles = [f"R {name[2:-4].replace('_', '-')} GeV" for name in bins]
    return table(
        ["seed", *titles, "worst bin", "worst layer"],
        [
            [
                row["seed"],
                *(f"{float(row[b]):.3f}" for b in bins),
                *(f"{100 * float(row[key]):.1f}%" for key in ("worst_bin", "worst_layer")),
            ]
            for row in rows
        ],
    )


def arms_table() -> str:
    minutes = {row["arm"]: float(row["minutes_on_256_nodes"]) for row in read_rows("minutes.csv")}
    return table(
        ["arm", "seeds", "cycles", "R, lowest bin (95%)", "R, highest",
         "change of deviation (95%)", "minutes"],
        [
            [
                row["about"],
                row["seeds"],
                f"{float(row['cycles']):,.0f}",
                interval(row, "response_low", "response_low_from", "response_low_to", "{:.2f}"),
                f"{float(row['response_high']):.2f}",
                interval(row, "effect", "effect_low", "effect_high", "{:+.2f}"),
                f"{minutes[row['arm']]:.1f}",
            ]
            for row in read_rows("arms.csv")
        ],
    )  # fmt: skip


def headline_table() -> str:
    found = json.loads(HEADLINES.read_text())["fig2"]
    return table(["headline", "value"], [[f"`{k}`", printed(v)] for k, v in found.items()])


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


def read_rows(name: str) -> list[Row]:
    """Cells that are not a number are empty."""
    with (KEPT / name).open(newline="") as file:
        return [
            {key: "" if value == "nan" else value for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


TABLES: dict[str, Callable[[], str]] = {
    "baseline": baseline_table,
    "arms": arms_table,
    "headlines": headline_table,
}

if __name__ == "__main__":
    main()
