"""`heitler claims`: the paper's numbers beside what they imply and ours."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heitler.report.claims.question import Claim

WIDTH_OF_FILES = 160
REPORTS = Path("reports")
KEPT = REPORTS / "reference/default"
OF_OTHERS = f"Nothing has run here: these are results that came with the repository, {KEPT}."
COLOURS = {
    "holds": "green",
    "holds in part": "yellow",
    "does not hold": "red",
    "not comparable here": "default",
    "not run": "dim",
}


def claims(
    reports: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder with the stages' results. Default: {REPORTS}; where nothing has run "
            f"yet, the run that came with the repository, {KEPT}."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """What of the paper holds: published numbers, what they imply, and ours with intervals.

    Reads the results of the stages that have run; the others are named. Nothing is computed anew.

    Examples:

    heitler claims

    heitler claims --json > claims.json
    """
    from heitler.config import load_config
    from heitler.report.claims.assess import assess_claims, claims_json, not_the_papers
    from heitler.report.results import Results

    config = load_config()
    has_run = any(REPORTS.glob("*/metrics.json"))
    found = assess_claims(Results(reports or (REPORTS if has_run else KEPT)), config)
    if as_json:
        print(json.dumps(claims_json(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
        of_others = not reports and not has_run
        for warning in (not_the_papers(config), OF_OTHERS if of_others else _left_over()):
            if warning:
                print(warning)


def _left_over() -> str:
    """A warning if results are of other parameters or data than `params.yaml` describes."""
    from heitler.sweep.staleness import stale_stages

    stages = sorted(stale_stages())
    if not stages:
        return ""
    return (
        f"Not of what params.yaml describes: the results of {', '.join(stages)}, which are of an "
        "earlier run. To make its own: dvc repro"
    )


def _print(found: Sequence["Claim"]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from heitler.report.claims.assess import count_claims

    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
    table = Table(box=box.SIMPLE_HEAD, show_lines=True)
    for heading, ratio in (("The paper", 5), ("Published", 4), ("Here", 4), ("Verdict", 9)):
        table.add_column(heading, ratio=ratio)
    for claim in found:
        implied = f"\nimplied: {claim.implied} ({claim.implied_by})" if claim.implied else ""
        ours = f"{claim.ours}, {claim.how}" if claim.ours else claim.how
        verdict = Text(claim.verdict, style=f"bold {COLOURS[claim.verdict]}")
        table.add_row(
            Text(f"{claim.claim} ({claim.where})"),
            Text(f"{claim.published}{implied}"),
            Text(ours),
            verdict.append(f"\n{claim.reason}", style="not bold default"),
        )
    console.print(table)
    console.print(f"{len(found)} claims: {count_claims(found)}. What the brackets are: --json.")
