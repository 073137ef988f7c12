"""`heitler launch` and `check-cluster`: workers where the section `cluster` says, without DVC."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from heitler.base.errors import LaunchError
from heitler.cli.stages import From, KeepGoing, going_on
from heitler.cluster.commands import launch_command, launch_environment, shown
from heitler.cluster.launch import run_workers
from heitler.cluster.slurm import job_script, submit, sweep_script
from heitler.config import RECIPES, Config, load_config

PIPELINES = Path("pipelines")


def launch(
    stage: Annotated[str, typer.Argument(help="A stage with workers: scale, train@heitler, ...")],
    send: Annotated[
        bool, typer.Option("--submit", help="Slurm: send the job instead of printing it.")
    ] = False,
    keep_going: KeepGoing = False,
    source: From = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be run, and run nothing.")
    ] = False,
) -> None:
    """Run a stage with its workers where the section `cluster` of params.yaml says.

    Unlike `dvc repro` this takes no lock, so that several jobs can use one folder. Afterwards
    `dvc commit STAGE` tells DVC of the results.

    Examples:

    heitler launch train@heitler

    heitler launch train@paper --dry-run

    heitler launch scale --submit
    """
    os.environ.update(going_on(keep_going, source))
    name, _, recipe = stage.partition("@")
    script = PIPELINES / f"{name}.py"
    config = _of_recipe(load_config(), name, recipe)
    sizes = world_sizes(config, name, script)
    command = [str(script), *([recipe] if recipe else [])]
    slurm = config.cluster.launcher == "slurm"
    if send and not slurm:
        raise LaunchError(
            f"--submit is for Slurm, but cluster.launcher is {config.cluster.launcher}. "
            "Change it, or leave --submit away."
        )
    if slurm:
        job = slurm_job(config, name, sizes, command)
        print(submit(job) if send and not dry_run else job)
    elif dry_run:
        variables = launch_environment(config.cluster)
        for workers in sizes:
            print(shown(launch_command(config.cluster, workers, command), variables))
    else:
        os.execv(sys.executable, [sys.executable, "-u", *command])


def _of_recipe(config: Config, stage: str, recipe: str) -> Config:
    """The parameters of one of several trainings.

    Raises:
        LaunchError: if none is named, or one that there is not.
    """
    for known in RECIPES:
        if stage == "train" and recipe == known:
            return config.of_recipe(known)
    if stage == "train" or recipe:
        names = " or ".join(f"train@{known}" for known in RECIPES)
        raise LaunchError(f"{stage}{'@' * bool(recipe)}{recipe}: of which recipe? Launch {names}.")
    return config


def world_sizes(config: Config, stage: str, script: Path) -> list[int]:
    """Numbers of workers that a stage runs on, one after another.

    Raises:
        LaunchError: if the stage has no workers.
    """
    able = [path.stem for path in sorted(PIPELINES.glob("*.py")) if _has_workers(config, path)]
    if stage not in able:
        raise LaunchError(
            f"{script}: {'not a stage' if not script.exists() else 'runs without workers'}. "
            f"Stages with workers: {', '.join(able)}."
        )
    section = getattr(config, stage)
    sizes: int | tuple[int, ...] = getattr(section, "world_sizes", None) or section.workers
    return [sizes] if isinstance(sizes, int) else list(sizes)


def slurm_job(config: Config, stage: str, sizes: list[int], command: list[str]) -> str:
    """The batch script: a job array for a sweep over numbers of workers."""
    if len(sizes) == 1:
        return job_script(config.cluster, stage, sizes[0], *command)
    return sweep_script(config.cluster, stage, sizes, shlex.join(command))


def _has_workers(config: Config, script: Path) -> bool:
    return hasattr(getattr(config, script.stem, None), "workers")


PROGRAM = Path(__file__).parents[1] / "cluster/check.py"


def check_cluster(
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many. Default: train.workers.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the command, and run nothing.")
    ] = False,
) -> None:
    """Start workers as training would, and see whether they can train together.

    Every worker up; equal versions, code and data; sums right; clocks, cores and threads; latency
    and bandwidth of all-reduces, which `heitler plan` and stage `project` can use. Inside a Slurm
    job too. Ends with 0, or with a message that names the worker and host that differ.

    Examples:

    heitler check-cluster

    heitler check-cluster --workers 64
    """
    config = load_config()
    wanted = workers or config.train.workers
    if dry_run:
        command = launch_command(config.cluster, wanted, [str(PROGRAM), str(wanted)])
        print(shown(command, launch_environment(config.cluster)))
        return
    sys.exit(run_workers(config.cluster, wanted, str(PROGRAM), str(wanted)))
