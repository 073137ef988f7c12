"""`heitler doctor`: what of the environment works, and how to mend the rest."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from heitler.doctor.finding import Finding

WIDTH_OF_FILES = 110
COLOURS = {"ok": "green", "note": "yellow", "broken": "bold red"}


def doctor(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of MLflow's UI.")] = 5000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Check this environment, and say how to mend what is broken.

    Python and packages, TensorFlow with oneDNN, Horovod with its backends, Geant4 and its tables,
    DVC, MLflow's store, parameters, cores, memory, disk, network. It changes nothing. Exit code 0:
    all works, perhaps with notes. 1: something is broken. 2: a wrong command.

    Examples:

    heitler doctor

    heitler doctor --port 5001

    heitler doctor --json
    """
    from heitler.doctor.examination import examine

    findings = examine(port)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def _print(findings: "list[Finding]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Checked", "", "Found")
    for finding in findings:
        found = Text(finding.found)
        if finding.remedy:
            found.append(f"\n→ {finding.remedy}", style="bold")
        table.add_row(finding.name, Text(finding.state, COLOURS[finding.state]), found)
    broken = sum(finding.state == "broken" for finding in findings)
    notes = sum(finding.state == "note" for finding in findings)
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
    console.print(table)
    verdict = f"{broken} broken: mend them from the top." if broken else "Nothing is broken."
    counted = f"{len(findings)} checks, {notes} note{'' if notes == 1 else 's'}."
    console.print(f"{counted} {verdict}", highlight=False)
