"""Write the tables of docs/fig2.md from the kept result, and numbers within its sentences.

    python benchmarks/fig2_page.py

A table stands between `<!-- name -->` and `<!-- end -->`. A number stands between
`<!--=arm.column:format-->` and `<!--/-->`: of the arm's line of arms.csv or minutes.csv, or with
`arm@seed@epoch` of law.csv, as Python's `format` prints it. All are those of
reports/reference/fig2 and of reports/reference/headlines.json; a test reads the page back.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fig2_law import CYCLES, cycles_rows, epochs_rows

PAGE, KEPT = Path("docs/fig2.md"), Path("reports/reference/fig2")
HEADLINES = Path("reports/reference/headlines.json")
RESPONSE, LIMIT = "response_ratio_", 0.05
SCATTER = {
    "one-worker": "one worker",
    "workers-256-thousand": "256 workers, a thousand cycles",
}
ARMS, TRAININGS = ("arms.csv", "minutes.csv"), ("law.csv",)
NUMBER = re.compile(r"<!--=([\w@-]+)\.(\w+):([^>]*?)-->.*?<!--/-->", re.DOTALL)
ELSEWHERE = (
    *("one-worker-longer", "one-worker-thousand", "workers-256-longer", "workers-256-eighty"),
    "batch-times-16",
)
"""Arms that the tables by epochs and by cycles have."""
Row = dict[str, str]


def main() -> None:
    text = PAGE.read_text()
    for name, table in TABLES.items():
        block = f"<!-- {name} -->\n\n{table()}\n\n<!-- end -->"
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, b=block: b, text, flags=re.S)
    PAGE.write_text(NUMBER.sub(with_number, text))


def with_number(found: re.Match[str]) -> str:
    arm, column, style = found.groups()
    name, *when = arm.split("@")
    lines = [r for table in (TRAININGS if when else ARMS) for r in read_rows(table)]
    own = [r for r in lines if r["arm"] == name and (not when or [r["seed"], r["epoch"]] == when)]
    value = next(row[column] for row in own if column in row)
    return f"<!--={arm}.{column}:{style}-->{format(float(value), style)}<!--/-->"


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
            if row["arm"] not in ELSEWHERE
        ],
    )  # fmt: skip


def epochs_table() -> str:
    titles = ["epochs of both", "one worker's worst bin, by seed", "cycles of 256",
              "R of 256, lowest bin", "change, lowest bin", "change, worst bin"]  # fmt: skip
    return table(titles, epochs_rows(read_rows("law.csv")))


def cycles_table() -> str:
    titles = ["global batch", *(f"about {cycles:,} cycles" for cycles in CYCLES)]
    return table(titles, cycles_rows(read_rows("law.csv")))


def scatter_table() -> str:
    """Single generators of the judged half of every training, as a curve of Fig. 2 is one."""
    part = json.loads((KEPT / "about.json").read_text())["degradation"]["judged_epochs"]
    curves = read_rows("curves.csv")
    rows = []
    for arm, about in SCATTER.items():
        low = [float(row[lowest(row)]) for row in judged_curves(curves, arm, part)]
        within = [float(row["worst_bin"]) <= LIMIT for row in judged_curves(curves, arm, part)]
        rows.append(
            [
                about,
                str(len(low)),
                f"{min(low):.2f} to {max(low):.2f}",
                share(r > 1 + LIMIT for r in low),
                share(r < 1 - LIMIT for r in low),
                share(within),
            ]
        )
    titles = ["single generators of", "number", "R, lowest bin", "above 1.05", "below 0.95"]
    return table([*titles, "all bins within 5%"], rows)


def judged_curves(curves: Sequence[Row], arm: str, part: float) -> list[Row]:
    """Rows of the last epochs of every seed."""
    own = [row for row in curves if row["arm"] == arm]
    last = {row["seed"]: int(row["epoch"]) for row in own}  # rows go by epoch
    return [r for r in own if int(r["epoch"]) > last[r["seed"]] - round(part * last[r["seed"]])]


def lowest(row: Row) -> str:
    """The column of R in the lowest bin."""
    names = [name for name in row if name.startswith(RESPONSE)]
    return min(names, key=lambda name: float(name.removeprefix(RESPONSE).split("_")[0]))


def share(those: Iterable[bool]) -> str:
    found = list(those)
    return f"{100 * sum(found) / len(found):.0f}%"


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
    "scatter": scatter_table,
    "epochs": epochs_table,
    "cycles": cycles_table,
    "arms": arms_table,
    "headlines": headline_table,
}

if __name__ == "__main__":
    main()
