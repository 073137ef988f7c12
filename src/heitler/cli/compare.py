"""`heitler compare`, `checkout`, `sync`: runs side by side, back to one, all in one store."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heitler.base.place import require_project

if TYPE_CHECKING:
    from rich.table import Table

WIDTH_OF_FILES = 250
"""Characters, where the output is no terminal."""
ONE_EPOCH = (
    "The time of a run of one epoch includes compiling the cycle: its speed and efficiency say "
    "little. Train for some epochs to compare them."
)


def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN...",
            help="Run names, run ids, or names of DVC experiments; a sweep stands for its points. "
            "Default: the latest finished trainings, without those of `heitler sweep`, which "
            "`heitler experiments` has.",
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
) -> None:
    """Compare runs: speed, efficiency, where the time went, losses and response.

    Speed-up and efficiency are relative to the first run of the same recipe, so name the one with
    the fewest workers first. A DVC experiment stands for its trainings, one per recipe.

    Examples:

    heitler compare

    heitler compare paper-1w-b8-5ep paper-2w-b8-5ep --csv compared.csv

    heitler compare scale
    """
    from heitler.base.files import write_csv
    from heitler.tracking.comparison import COLUMNS, compare_runs
    from heitler.tracking.store import require_store

    require_store()
    rows = compare_runs(runs or [])
    columns = [column for column in COLUMNS if any(row[column.name] is not None for row in rows)]
    lines = [[column.heading for column in columns]]
    lines += [[_text(row[column.name], column.decimals) for column in columns] for row in rows]
    _print(lines)
    if any(row["epochs"] == 1 for row in rows):
        print(ONE_EPOCH)
    if csv:
        write_csv(csv, rows)


def _print(lines: list[list[str]]) -> None:
    """One line per run; where the terminal is too narrow for that, one column per run."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
    table = _table(lines)
    unlimited = console.options.update(width=10 * WIDTH_OF_FILES)  # or it says what it gets
    if console.measure(table, options=unlimited).maximum > console.width:
        table = _table([list(column) for column in zip(*lines, strict=True)])
    console.print(table)


def _table(lines: list[list[str]]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for index, heading in enumerate(lines[0]):
        table.add_column(heading, justify="right" if index else "left")
    for line in lines[1:]:
        table.add_row(*line)
    return table


def _text(value: str | float | None, decimals: int) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,.{decimals}f}"


def sync() -> None:
    """Merge finished offline runs into the main MLflow store, and what it did not take, each once.

    Jobs that run with HEITLER_OFFLINE=1 write to stores of their own under mlruns/offline. Run
    this where the main store is, such as the login node; again whenever you like.

    Example: heitler sync
    """
    from heitler.tracking.store import require_store
    from heitler.tracking.sync import sync_runs, sync_spool

    require_store()
    for run_id, left in sync_spool().items():
        print(f"run {run_id}: " + (f"{left} records are still not taken" if left else "completed"))
    results = sync_runs()
    for result in results:
        names = ", ".join(result.runs.values()) or "still running, left for later"
        print(f"{result.folder.name}: {names}")
    if not results:
        print("Nothing to merge: all offline runs are in the main store.")


def checkout(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run name, run id, or name of a DVC experiment: heitler compare."
        ),
    ],
) -> None:
    """Bring code, parameters and data of a run back into this working copy.

    Code comes from git, data from DVC's cache. Nothing uncommitted is overwritten: commit it or
    `git stash` first.

    Examples:

    heitler checkout paper-2w-b8-5ep

    heitler checkout batty-waft
    """
    from heitler.tracking.restore import restore

    require_project()
    found = restore(run)
    what = f"DVC experiment {found.experiment}" if found.experiment else "commit"
    print(f"Run {found.run_name} ({found.run_id}): code of {what} {found.revision[:10]}.")
    if found.files:
        print(f"{' and '.join(found.files)} are the run's own, and so is the data.")
    for note in found.notes:
        print(f"Note: {note}")
    discard = " --discard-changes" if found.files else ""
    print(f"Back again: git switch{discard} - && dvc checkout")
