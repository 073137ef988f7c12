"""`heitler check-cluster`: minutes spent here instead of an allocation wasted."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from heitler.cluster.commands import launch_command, launch_environment, shown
from heitler.cluster.launch import run_workers
from heitler.config import load_config

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
