"""Start a script on several Horovod workers, as the section `cluster` of params.yaml says."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from heitler.cluster.commands import launch_command, launch_environment, rank_hosts
from heitler.cluster.ends import STOPPED, End, WorkerEnds
from heitler.cluster.output import readable
from heitler.cluster.reach import check_reachable
from heitler.cluster.stopping import FILE_VARIABLE, pass_on_stop
from heitler.config import ClusterConfig

LONGEST_STOP_S = 10.0
"""From the first worker's end to that of all."""
PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def run_workers(
    cluster: ClusterConfig,
    workers: int,
    script: str,
    *arguments: str,
    stop_file: Path | None = None,
) -> int:
    """Run a Python script on `workers` Horovod processes; return the exit code.

    Rank 0's lines are shown as they are, the others' with the worker's number. Whatever ends this
    process (Ctrl-C, SIGTERM, on Linux also SIGKILL) ends the workers too, on all hosts. With a
    `stop_file` the first Ctrl-C or SIGTERM only asks them to end (`heitler.cluster.stopping`).

    Raises:
        LaunchError: before anything starts: too few slots, a host that does not answer or lacks
            the project, an unknown network interface, a missing launcher.
    """
    command = launch_command(cluster, workers, [script, *arguments])
    check_reachable(cluster, workers)
    process = subprocess.Popen(
        command,
        env=os.environ | launch_environment(cluster) | _stop_variable(stop_file),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C in a terminal is for this process, which passes it on
        preexec_fn=_end_with_parent,
    )
    # Launchers wait for workers that do not end by themselves; this does not.
    rescue = threading.Timer(LONGEST_STOP_S, _kill_with_descendants, [process.pid])
    ends = WorkerEnds(rank_hosts(cluster, workers), lambda end: _announce(end, rescue))
    with pass_on_stop(stop_file, lambda: _kill_with_descendants(process.pid)):
        try:
            for line in readable(process.stdout or (), ends.note):
                print(line, end="", flush=True)
            code = process.wait()
        finally:
            if process.poll() is None:
                rescue.start()
                process.terminate()  # the launcher then ends its workers
                process.wait()
            rescue.cancel()
    return _exit_code(code, ends)


def _announce(end: End, rescue: threading.Timer) -> None:
    """Say at once which worker ended and how, and see to it that all end; not if it was asked."""
    if end.status != STOPPED:
        print(f"Error: {end}. The job stops.", file=sys.stderr, flush=True)
        rescue.start()


def _kill_with_descendants(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        launcher = psutil.Process(pid)
        for process in [launcher, *launcher.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _exit_code(code: int, ends: WorkerEnds) -> int:
    """130 if the workers ended as they were asked to, else the launcher's own code."""
    if ends.cause and ends.cause.status == STOPPED:
        return STOPPED
    if code and not ends.cause:
        print(
            "Error: the workers lost contact with each other, but none is known to have failed. "
            "Look at the network, or name one in cluster.network_interface.",
            file=sys.stderr,
        )
    return code


def _stop_variable(stop_file: Path | None) -> dict[str, str]:
    return {FILE_VARIABLE: str(stop_file.resolve())} if stop_file else {}


def _end_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when its parent is gone, however it ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
