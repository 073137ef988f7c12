"""Start a script on several Horovod workers, as the section `cluster` of params.yaml says."""

import ctypes
import os
import signal
import subprocess
import sys

from heitler.cluster.commands import launch_command, launch_environment
from heitler.cluster.output import readable
from heitler.cluster.reach import check_reachable
from heitler.config import ClusterConfig

PR_SET_PDEATHSIG = 1  # of linux/prctl.h
# Set by horovodrun (Gloo), Intel MPI and Slurm's PMI, Open MPI: this process is already a worker.
RANK_VARIABLES = ("HOROVOD_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK")


def launched_rank() -> int | None:
    """This process's rank if a launcher started it, else None."""
    ranks = [os.environ[name] for name in RANK_VARIABLES if name in os.environ]
    return int(ranks[0]) if ranks else None


def run_workers(cluster: ClusterConfig, workers: int, script: str, *arguments: str) -> int:
    """Run a Python script on `workers` Horovod processes; return the exit code.

    Rank 0's lines are shown as they are, the others' with the worker's number. Whatever ends this
    process (Ctrl-C, SIGTERM, on Linux also SIGKILL) ends the workers too, on all hosts.

    Raises:
        LaunchError: before anything starts: too few slots, a host that does not answer or lacks
            the project, an unknown network interface, a missing launcher.
    """
    command = launch_command(cluster, workers, [script, *arguments])
    check_reachable(cluster, workers)
    process = subprocess.Popen(
        command,
        env=os.environ | launch_environment(cluster),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_end_with_parent,
    )
    try:
        for line in readable(process.stdout or ()):
            print(line, end="", flush=True)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()  # the launcher then ends its workers
            process.wait()
    if code:
        print(f"{script}: a worker failed (above); all {workers} were stopped.", file=sys.stderr)
    return code


def _end_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when its parent is gone, however it ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
