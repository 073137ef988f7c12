"""Start a script on several Horovod workers, as the section `cluster` of params.yaml says."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

from heitler.base.stage import end_with_parent
from heitler.cluster.commands import launch_command, launch_environment, rank_hosts
from heitler.cluster.ends import STOPPED, UNIX_SIGNALS, End, WorkerEnds
from heitler.cluster.heartbeat import PERIOD_VARIABLE
from heitler.cluster.output import readable
from heitler.cluster.reach import check_reachable
from heitler.cluster.stalls import Stalls, heartbeat_period_s
from heitler.cluster.stopping import FILE_VARIABLE, Listeners, pass_on_stop
from heitler.config import ClusterConfig, digest_for_workers

LONGEST_STOP_S = 10.0
"""From the first worker's end to that of all."""


@dataclass(frozen=True)
class JobEnd:
    """How a job ended."""

    code: int
    """Exit code."""
    lost: int | None
    """The rank that was killed, or that the others waited for in vain; None if none was."""


def run_workers(
    cluster: ClusterConfig,
    workers: int,
    script: str,
    *arguments: str,
    stop_file: Path | None = None,
) -> int:
    """As `run_job`; return the exit code."""
    return run_job(cluster, workers, script, *arguments, stop_file=stop_file).code


def run_job(
    cluster: ClusterConfig,
    workers: int,
    script: str,
    *arguments: str,
    stop_file: Path | None = None,
) -> JobEnd:
    """Run a Python script on `workers` Horovod processes.

    Rank 0's lines are shown as they are, the others' with the worker's number. Whatever ends this
    process (Ctrl-C, SIGTERM, on Linux also SIGKILL) ends the workers too, on all hosts. With a
    `stop_file` the first Ctrl-C or SIGTERM only asks those that listen to end
    (`heitler.cluster.stopping`).

    Raises:
        LaunchError: before anything starts: too few slots, a host that does not answer or lacks
            the project, an unknown network interface, a missing launcher.
    """
    command = launch_command(cluster, workers, [script, *arguments])
    check_reachable(cluster, workers)
    process = subprocess.Popen(
        command,
        env=os.environ | launch_environment(cluster) | _variables(cluster, stop_file),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C in a terminal is for this process, which passes it on
        preexec_fn=end_with_parent,
    )
    job = _Job(process)
    ends = WorkerEnds(rank_hosts(cluster, workers), job.worker_ended)
    stalls = Stalls(cluster, job.give_up)
    listeners = Listeners()

    def for_us(line: str) -> bool:
        return stalls.note(line) or listeners.note(line)

    with pass_on_stop(stop_file, listeners, job.kill):
        try:
            stalls.watch()
            for line in readable(process.stdout or (), ends.note, for_us):
                print(line, end="", flush=True)
            process.wait()
        finally:
            stalls.stop()
            job.finish()
    return JobEnd(job.exit_code(ends, stalls), job.lost)


class _Job:
    """The launcher's process, and why it is being stopped, once it is."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._reason = ""
        self.lost: int | None = None
        # Launchers wait for workers that do not end by themselves; this does not.
        self._rescue = threading.Timer(LONGEST_STOP_S, self.kill)

    def worker_ended(self, end: End) -> None:
        """Say at once which worker ended and how, and see to it that all end; not if asked to."""
        if end.status != STOPPED:
            self._stop(str(end), end.rank if end.killed else None)

    def give_up(self, rank: int, reason: str) -> None:
        """End all workers, which would not end by themselves."""
        self._stop(reason, rank)
        self._process.terminate()  # the launcher then ends its workers

    def kill(self) -> None:
        """End all at once that has a process here."""
        _kill_with_descendants(self._process.pid)

    def finish(self) -> None:
        """Return when the launcher has ended, which is only asked to if it still runs."""
        if self._process.poll() is None:
            self._start_rescue()
            self._process.terminate()
            self._process.wait()
        self._rescue.cancel()

    def exit_code(self, ends: WorkerEnds, stalls: Stalls) -> int:
        """130 if the workers ended as they were asked to, else the launcher's own code."""
        code = self._process.returncode
        if self._reason:
            return max(code, 1)
        if ends.cause and ends.cause.status == STOPPED:
            return STOPPED
        if code < 0:
            by = signal.Signals(-code).name
            print(f"Error: the workers' launcher was ended by {by}; so are they.", file=sys.stderr)
        elif code:
            known = stalls.silent()
            missing = f"{known} was not heard of" if known else "none is known to have failed"
            print(
                f"Error: the workers lost contact with each other, but {missing}. "
                "Look at the network, or name one in cluster.network_interface.",
                file=sys.stderr,
            )
        return code if code >= 0 else UNIX_SIGNALS - code

    def _stop(self, reason: str, lost: int | None) -> None:
        """Say the first reason; what ends after it is a consequence."""
        if not self._reason:
            self._reason, self.lost = reason, lost
            print(f"Error: {reason}. The job stops.", file=sys.stderr, flush=True)
            self._start_rescue()

    def _start_rescue(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has begun
            self._rescue.start()


def _kill_with_descendants(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        launcher = psutil.Process(pid)
        for process in [launcher, *launcher.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _variables(cluster: ClusterConfig, stop_file: Path | None) -> dict[str, str]:
    listening = {PERIOD_VARIABLE: str(heartbeat_period_s(cluster))} | digest_for_workers()
    return listening | ({FILE_VARIABLE: str(stop_file.resolve())} if stop_file else {})
