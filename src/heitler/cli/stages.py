"""`heitler simulate`, `train`, ...: the stages of the pipeline, run by DVC as `dvc repro` does."""

from collections.abc import Callable
from typing import Annotated

import typer

from heitler.base.git import require_git
from heitler.base.place import require_project
from heitler.base.stage import refuse_during_sweep
from heitler.cli.before import SAME, become, require_results_before
from heitler.config import (
    RECIPES,
    build_config,
    for_dvc,
    load_yaml,
    merged,
    read_params,
    require_effect,
)
from heitler.kept.folder import VARIABLE as KEEP_GOING

INPUTS = "inputs"
STAGES = {
    INPUTS: "What the stages' code says, which DVC cannot see by itself.",
    "tables": "Cross-section tables that Geant4 opens.",
    "simulate": "Showers from Geant4, or imported from CERN's files.",
    "prepare": "Checks, threshold, and training, validation and test sets.",
    "scale": "The training cycle measured on several numbers of workers.",
    "train": "Both recipes, or one, on `train.workers` workers, from the last checkpoint if any.",
    "project": "Time per epoch on many nodes, from what `scale` measured.",
    "compact": "A cheaper generator that learns from the trained one.",
    "degradation": "Why large batches degrade physics, and what helps.",
    "evolve": "A genetic algorithm and other strategies against gradient descent.",
    "report": "The page reports/index.html.",
}
"""Stages with a command of their own; `generate` and `validate` are commands for any files, which
the stages of these names apply to the test set."""
EXAMPLES = {"simulate": "simulate.showers=2000"}
PANEL = "Stages of the pipeline"
Which = Annotated[
    str | None,
    typer.Argument(metavar="RECIPE", help=f"{' or '.join(RECIPES)}. Default: one after the other."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-S",
        metavar="SECTION.KEY=VALUE",
        help="Change a parameter, which stays in params.yaml; the run becomes a DVC experiment. "
        "Repeatable.",
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option(
        "--keep-going",
        help="Go on from what earlier runs kept (checkpoints, records), although parameters, data "
        "or code are other now. train, scale, evolve, degradation.",
    ),
]
From = Annotated[
    str,
    typer.Option(
        "--from", metavar="FOLDER", help="With --keep-going: from what was set aside in there."
    ),
]
Only = Annotated[bool, typer.Option("--only", help="This stage alone, not those before it.")]
Force = Annotated[bool, typer.Option("--force", help="Run even what is up to date.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the command, and run nothing.")]


def add_stages(app: typer.Typer) -> None:
    """One command per stage."""
    for stage, what in STAGES.items():
        run = train if stage == "train" else _command(stage)
        app.command(stage, help=_help(stage, what), rich_help_panel=PANEL)(run)


def dvc_command(stage: str, changes: list[str], *, only: bool, force: bool) -> list[str]:
    """What to run: `dvc repro`, or `dvc exp run` where parameters are changed."""
    what = ["exp", "run"] if changes else ["repro"]
    options = [*(["--single-item"] if only else []), *(["--force"] if force else [])]
    known = read_params() if changes else {}
    values = [word for change in changes for word in ("--set-param", for_dvc(known, change))]
    before = [INPUTS] if only and stage != INPUTS else []  # or DVC would miss changed code
    return ["dvc", *what, *options, *values, *before, stage]


def what_changes(changes: list[str]) -> list[str]:
    """The changes, or none where `params.yaml` has these values already.

    `dvc exp run` leaves its values in `params.yaml`. A second one would begin anew; `dvc repro`
    goes on.

    Raises:
        ConfigError: for a parameter that does not exist, or a value with two readings.
    """
    before = params = read_params()
    for change in changes:
        path, _, value = change.partition("=")
        nested = load_yaml(value, f"--set {change}")
        for key in reversed(path.split(".")):
            nested = {key: nested}
        params = merged(params, nested)
    build_config(params)
    return [] if params == before else changes


def train(
    recipe: Which = None,
    changes: Changes = None,
    only: Only = False,
    force: Force = False,
    keep_going: KeepGoing = False,
    source: From = "",
    dry_run: DryRun = False,
) -> None:
    """The stage, of all recipes or of one."""
    if recipe not in (None, *RECIPES):
        raise typer.BadParameter(f"{recipe}: no such recipe. There are {' and '.join(RECIPES)}.")
    if source and not recipe:
        raise typer.BadParameter("--from is for one recipe. Name it: heitler train RECIPE ...")
    variables = going_on(keep_going, source)
    stage, alone = f"train@{recipe}" if recipe else "train", bool(source)
    _run(stage, changes or [], only or alone, force or alone, dry_run, variables)


def _command(stage: str) -> Callable[..., None]:
    def run(
        changes: Changes = None,
        only: Only = False,
        force: Force = False,
        keep_going: KeepGoing = False,
        source: From = "",
        dry_run: DryRun = False,
    ) -> None:
        variables = going_on(keep_going, source)
        alone = bool(source)
        _run(stage, changes or [], only or alone, force or alone, dry_run, variables)

    return run


def _run(
    stage: str,
    changes: list[str],
    only: bool,
    force: bool,
    dry_run: bool,
    variables: dict[str, str],
) -> None:
    for change in changes:
        key, equals, _ = change.partition("=")
        if not equals or "." not in key:
            raise typer.BadParameter(
                f"--set is {change!r}. Write section.key=value, such as simulate.showers=2000."
            )
    require_project()
    for change in changes:
        require_effect(read_params(), change.partition("=")[0], stage)
    refuse_during_sweep()
    if only and not dry_run:
        require_results_before(stage, given=INPUTS)
    new = what_changes(changes)  # a wrong parameter is named before anything starts
    if changes and not new:
        print(SAME, flush=True)
    if new:
        require_git()  # which keeps the experiment
    command = dvc_command(stage, new, only=only, force=force)
    become(command, dry_run=dry_run, variables=variables)


def going_on(keep_going: bool, source: str) -> dict[str, str]:
    """The variables that tell the stage which is started from here how it is to go on."""
    if source and not keep_going:
        raise typer.BadParameter("--from is for --keep-going. Add it.")
    return {KEEP_GOING: source or "1"} if keep_going else {}


def _help(stage: str, what: str) -> str:
    return f"""{what}

    Runs what is out of date up to this stage: the same as `dvc repro {stage}`. Exit code 0: up to
    date. 1: a wrong parameter. 255: a stage failed, with its message above. 2: a wrong command.

    Examples:

    heitler {stage}

    heitler {stage} --only --force

    heitler {stage} --set {EXAMPLES.get(stage, "recipes.heitler.train.epochs=80")}
    """
