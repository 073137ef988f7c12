"""A batch job for Slurm: a script that a person can read, and its submission."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from heitler.base.errors import LaunchError
from heitler.cluster.commands import launch_command, nodes_needed
from heitler.config import ClusterConfig
from heitler.kept.folder import VARIABLE as KEEP_GOING


def job_script(
    cluster: ClusterConfig, stage: str, workers: int, script: str, *arguments: str
) -> str:
    """A job that runs a stage's script on `workers` Horovod workers."""
    command = launch_command(cluster, workers, [script, *arguments])
    step = " \\\n    ".join(map(shlex.quote, command))
    return _script(cluster, stage, workers, [], [step])


def sweep_script(
    cluster: ClusterConfig, stage: str, world_sizes: Sequence[int], script: str
) -> str:
    """A job array: one element for each number of workers, one at a time.

    All elements of an array get the nodes of the largest. The stage's script starts the workers.
    """
    last = len(world_sizes) - 1
    lines = [
        f"workers=({' '.join(map(str, world_sizes))})",
        f'{shlex.quote(sys.executable)} {script} --workers "${{workers[$SLURM_ARRAY_TASK_ID]}}"',
    ]
    return _script(cluster, stage, max(world_sizes), [f"--array=0-{last}%1"], lines)


def array_script(
    cluster: ClusterConfig,
    name: str,
    workers: int,
    elements: int,
    at_once: int,
    command: Sequence[str],
) -> str:
    """A job array of equal elements, each with the nodes of so many workers."""
    options = [f"--array=1-{elements}%{at_once}"]
    return _script(cluster, name, workers, options, [shlex.join(command)])


def submit(script: str) -> str:
    """Send a job to Slurm; return what sbatch says.

    Raises:
        LaunchError: if sbatch is not there or refuses the job.
    """
    sbatch = shutil.which("sbatch")
    if sbatch is None:
        raise LaunchError(
            "sbatch is not on this machine. Submit from the cluster's login node, or leave "
            "--submit away and send the printed script yourself."
        )
    done = subprocess.run([sbatch], input=script, capture_output=True, text=True)
    if done.returncode:
        raise LaunchError(
            f"sbatch refused the job: {done.stderr.strip()}. Correct cluster.slurm in params.yaml."
        )
    return done.stdout.strip()


def _script(
    cluster: ClusterConfig, stage: str, workers: int, options: list[str], run: list[str]
) -> str:
    slurm = cluster.slurm
    per_node = min(workers, cluster.ranks_per_node)
    named = {"account": slurm.account, "partition": slurm.partition}
    options = [
        f"--job-name=heitler-{stage}",
        f"--nodes={nodes_needed(cluster, workers)}",
        f"--ntasks={workers}",
        f"--ntasks-per-node={per_node}",
        f"--cpus-per-task={slurm.cores_per_rank}",
        f"--time={slurm.walltime}",
        f"--output=heitler-{stage}-%{'A_%a' if options else 'j'}.log",
        *(f"--{name}={value}" for name, value in named.items() if value),
        *options,
        *slurm.options,
    ]
    library = shlex.quote(f"{sys.prefix}/lib")
    return "\n".join(
        [
            "#!/bin/bash",
            *(f"#SBATCH {option}" for option in options),
            "set -euo pipefail",
            f"cd {shlex.quote(str(Path.cwd()))}",
            *slurm.setup,
            "# The MPI of the project's environment. Slurm binds the workers to cores, not MPI.",
            f"export I_MPI_ROOT={shlex.quote(sys.prefix)} I_MPI_PIN=0",
            f"export LD_LIBRARY_PATH={library}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}",
            *_interface(cluster),
            *_how_it_goes_on(),
            *run,
            "",
        ]
    )


def _how_it_goes_on() -> list[str]:
    value = os.environ.get(KEEP_GOING)
    return [f"export {KEEP_GOING}={shlex.quote(value)}"] if value else []


def _interface(cluster: ClusterConfig) -> list[str]:
    name = cluster.network_interface
    return [f"export FI_TCP_IFACE={shlex.quote(name)}"] if name else []
