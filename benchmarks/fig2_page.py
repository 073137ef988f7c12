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
        block = f"<!-- {name} -->\n{table()}\n<!-- end -->"
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
        ["arm", "seeds", "cycles", "R, lowest bin, 95%", "R, highest", "worst bin",
         "change of abs(R - 1) at low energy, 95%", "shown", "minutes"],
        [
            [
                row["about"],
                row["seeds"],
                f"{float(row['cycles']):,.0f}",
                interval(row, "response_low", "response_low_from", "response_low_to", "{:.2f}"),
                f"{float(row['response_high']):.2f}",
                f"{100 * float(row['worst_bin']):.0f}%",
                interval(row, "effect", "effect_low", "effect_high", "{:+.2f}"),
                shown(row),
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
    text = style.format(float(row[value]))
    if row["seeds"] == "1":
        return text
    return f"{text} ({style.format(float(row[low]))} to {style.format(float(row[high]))})"


def shown(row: Row) -> str:
    if not row["effect"]:
        return ""
    value, error = float(row["effect"]), float(row["effect_error"])
    excluded = float(row["effect_low"]) > 0 or float(row["effect_high"]) < 0
    return "yes" if row["seeds"] != "1" and abs(value) > 3 * error and excluded else "no"


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
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("|  |", "| |")


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
