"""Write the tables of docs/fig2.md from the kept result, and numbers within its sentences.

    python benchmarks/fig2_page.py

A table stands between `<!-- name -->` and `<!-- end -->`. A number stands between
`<!--=arm.column:format-->` and `<!--/-->`: of the arm's line of arms.csv or minutes.csv, or with
`arm@seed@epoch` of law.csv, with `arm@all` or `arm@fair` of as-good.csv (`fair`: without the seed
that chose the arm), with `fact` of fig2_facts.py, as Python's `format` prints it. All are those of
reports/reference/fig2 and of reports/reference/headlines.json; a test reads the page back.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from fig2_cells import KEPT, Row, interval, printed, read_rows, share, table
from fig2_facts import facts
from fig2_law import CYCLES, cycles_rows

from heitler.degradation.as_good import ALL, MEASURES, NOT_THE_FIRST

PAGE = Path("docs/fig2.md")
HEADLINES = Path("reports/reference/headlines.json")
RESPONSE, LIMIT = "response_ratio_", 0.05
SCATTER = {
    "one-worker": "one worker",
    "workers-256-thousand": "256 workers, a thousand cycles",
}
ARMS = "arms.csv", "minutes.csv"
COUNTED = {"all": ALL, "fair": NOT_THE_FIRST}
NUMBER = re.compile(r"<!--=([\w@-]+)\.(\w+):([^>]*?)-->.*?<!--/-->", re.DOTALL)
ELSEWHERE = (
    *("one-worker-longer", "one-worker-thousand", "workers-256-longer", "workers-256-eighty"),
    *("batch-times-4", "batch-times-16", "rate-times-4", "rate-times-8"),
    *("rate-times-4-five-hundred", "begun-small", "one-worker-averaged", "one-worker-falling"),
    "one-worker-in-twos",
)
"""Arms that the table by cycles has, or the text."""
CHOSEN = "one-worker-falling"
"""By its first seed."""
AS_GOOD = {("workers-256-five-hundred", ALL), (CHOSEN, ALL), (CHOSEN, NOT_THE_FIRST)}
"""What is compared with one worker on the page."""


def main() -> None:
    text = PAGE.read_text()
    for name, written in TABLES.items():
        block = f"<!-- {name} -->\n\n{written()}\n\n<!-- end -->"
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, b=block: b, text, flags=re.S)
    PAGE.write_text(NUMBER.sub(with_number, text))


def with_number(found: re.Match[str]) -> str:
    arm, column, style = found.groups()
    value = fact(column) if arm == "fact" else next(r[column] for r in lines(arm) if column in r)
    return f"<!--={arm}.{column}:{style}-->{format(float(value), style)}<!--/-->"


def lines(arm: str) -> list[Row]:
    """Lines of the tables that a number's name asks for."""
    name, *when = arm.split("@")
    match when:
        case []:
            found = [row for table in ARMS for row in read_rows(table)]
        case [counted]:
            found = [r for r in read_rows("as-good.csv") if r["counted"] == COUNTED[counted]]
        case [seed, epoch]:
            every = read_rows("law.csv")
            found = [row for row in every if (row["seed"], row["epoch"]) == (seed, epoch)]
    return [row for row in found if row["arm"] == name]


def fact(name: str) -> float:
    return facts(read_rows, judged_part())[name]


def judged_part() -> float:
    found: float = json.loads((KEPT / "about.json").read_text())["degradation"]["judged_epochs"]
    return found


def baseline_table() -> str:
    rows = read_rows("baseline.csv")
    bins = [name for name in rows[0] if name.startswith("R_")]
    titles = [f"R {name[2:-4].replace('_', '-')} GeV" for name in bins]
    return table(
        ["seed", *titles, "worst layer"],
        [
            [
                row["seed"],
                *(f"{float(row[b]):.3f}" for b in bins),
                f"{100 * float(row['worst_layer']):.1f}%",
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


def cycles_table() -> str:
    titles = ["global batch", *(f"about {cycles:,} cycles" for cycles in CYCLES)]
    return table(titles, cycles_rows(read_rows("law.csv")))


def scatter_table() -> str:
    """Single generators of the judged half of every training, as a curve of Fig. 2 is one."""
    curves, part = read_rows("curves.csv"), judged_part()
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


def as_good_table() -> str:
    """What some arms are off more than one worker."""
    about = {row["arm"]: row["about"] for row in read_rows("arms.csv")}
    titles = ["arm", "seeds", "more in the lowest bin (95%)", "more in the worst bin (95%)"]
    return table(
        [*titles, "minutes", "no worse"],
        [
            [
                about[row["arm"]] if row["counted"] == ALL else "the same, without seed 1",
                row["seeds"],
                *(
                    interval(row, *(f"{m}_excess{end}" for end in ("", "_low", "_high")), "{:+.2f}")
                    for m in MEASURES
                ),
                f"{float(row['minutes_on_256_nodes']):.1f}",
                "yes" if row["as_good"] == "True" else "no",
            ]
            for row in read_rows("as-good.csv")
            if (row["arm"], row["counted"]) in AS_GOOD
        ],
    )


def headline_table() -> str:
    found = json.loads(HEADLINES.read_text())["fig2"]
    return table(["headline", "value"], [[f"`{k}`", printed(v)] for k, v in found.items()])


TABLES: dict[str, Callable[[], str]] = {
    "baseline": baseline_table,
    "scatter": scatter_table,
    "cycles": cycles_table,
    "arms": arms_table,
    "as-good": as_good_table,
    "headlines": headline_table,
}

if __name__ == "__main__":
    main()
