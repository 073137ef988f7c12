"""`make house`: the house that the code is, measured and drawn into docs/architecture.md.

Modules, rooms and arrows (`rooms.py`), the ways of the parameters and of a batch (`trip.py`), and
lines. The numbers of this checkout go into the headlines too, under `house`; columns of earlier
commits stay on the page. Nothing is executed; seconds.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from picture import draw
from rooms import measure_house, source_lines
from trip import batch_files, config_stops

from heitler.base.files import HEADLINES, merge_headlines, write_text

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs/architecture.md"
PICTURES = PROJECT / "docs/pictures"
BEGIN, END = "<!-- made by make house -->\n", "<!-- end -->\n"
WORDS = {
    "modules": "modules",
    "rooms": "rooms",
    "arrows": "arrows between rooms",
    "config_stops": "stops of `config`",
    "config_modules": "modules in which it stops",
    "batch_files": "files to open for a batch",
    "dvc_yaml_lines": "lines of `dvc.yaml`",
    "params_lines": "lines of `params.yaml`",
    "source_lines": "lines of source",
}
HEADLINES_OF = [name for name in WORDS if name != "config_modules"]
Columns = dict[str, dict[str, int]]
"""Heading -> number by name."""


def main() -> None:
    asked = parse(sys.argv[1:])
    columns = read_table(PAGE.read_text())
    if asked.commit:
        columns[asked.name] = measure_commit(asked.commit, asked.name)
    columns["now"] = columns.pop("now", {}) | measure(PROJECT, "now")
    write_text(PAGE, with_table(PAGE.read_text(), columns))
    found = {name: columns["now"][name] for name in HEADLINES_OF}
    merge_headlines("house", found, PROJECT / HEADLINES)
    for stop in config_stops(PROJECT):
        print(f"{stop.caller}:{stop.line} -> {stop.callee}")
    print(table(columns))


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make house", description=__doc__)
    parser.add_argument("--commit", help="also a commit of the past, such as 369495a")
    parser.add_argument("--name", default="before", help="heading of its column")
    return parser.parse_args(words)


def measure(root: Path, name: str) -> dict[str, int]:
    """The numbers of the checkout below a folder; also draws it."""
    house, stops = measure_house(root), config_stops(root)
    write_text(PICTURES / f"house-{name}.svg", draw(house, f"The house {name}"))
    return {
        "modules": house.modules,
        "rooms": len(house.lines),
        "arrows": len(house.arrows),
        "config_stops": len(stops),
        "config_modules": len({stop.module for stop in stops}),
        "batch_files": len(batch_files(root)),
        "dvc_yaml_lines": len((root / "dvc.yaml").read_text().splitlines()),
        "params_lines": len((root / "params.yaml").read_text().splitlines()),
        "source_lines": source_lines(root),
    }


def measure_commit(commit: str, name: str) -> dict[str, int]:
    """The same of a commit, unpacked for as long as that takes."""
    git = ["git", "-C", str(PROJECT), "archive", commit]
    packed = subprocess.run(git, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        return measure(Path(folder), name)


def table(columns: Columns) -> str:
    """In Markdown, a column per commit."""
    head = f"| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}\n"
    return head + "".join(
        f"| {words} | {' | '.join(str(numbers[name]) for numbers in columns.values())} |\n"
        for name, words in WORDS.items()
    )


def read_table(page: str) -> Columns:
    """What `table` has written into a page."""
    inside = page.partition(BEGIN)[2].partition(END)[0].strip()
    rows = [line.strip("|").split(" | ") for line in inside.splitlines()]
    if not rows:
        return {}
    columns: Columns = {heading.strip(): {} for heading in rows[0][1:]}
    for name, row in zip(WORDS, rows[2:], strict=True):
        for heading, number in zip(columns, row[1:], strict=True):
            columns[heading][name] = int(number)
    return columns


def with_table(page: str, columns: Columns) -> str:
    """The page with these numbers instead of those between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(columns)}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    main()
