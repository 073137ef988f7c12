"""One Geant4 process per core at a time, each simulating one shard."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from heitler.base.progress import Advance
from heitler.simulation.environment import SimulationError

Job = Mapping[str, Any]
"""What `heitler.simulation.geant4` reads: detector, simulate, shard, showers, path, attributes."""

SECONDS_BETWEEN_CHECKS = 0.1
SECONDS_TO_STOP = 5.0
LOG_LINES_SHOWN = 15


@dataclass(frozen=True)
class Geant4Process:
    """A running process, and the log of what it prints."""

    shard: str
    process: subprocess.Popen[str]
    log: IO[str]

    def has_finished(self) -> bool:
        """Whether it has ended well.

        Raises:
            SimulationError: if it has failed, with its last lines.
        """
        code = self.process.poll()
        if code:
            self.log.seek(0)
            lines = self.log.read().splitlines()[-LOG_LINES_SHOWN:]
            raise SimulationError(
                f"The Geant4 process for {self.shard} {_ending(code)}. Finished shards are kept; "
                "run the stage again to make the others. Its last lines:\n" + "\n".join(lines)
            )
        return code == 0

    def stop(self) -> None:
        """End it now, if it runs."""
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_jobs(
    jobs: Sequence[Job], processes: int, environment: Mapping[str, str], advance: Advance
) -> None:
    """Run all jobs, at most `processes` at once; `advance` is called for every shower.

    No process outlives this one: they are stopped when this function ends in whatever way, and
    end by themselves, after their shower, when this process was killed.

    Raises:
        SimulationError: when a process fails; the others are stopped.
    """
    waiting = list(reversed(jobs))
    running: list[Geant4Process] = []
    reading, writing = os.pipe()
    try:
        while waiting or running or _has_bytes(reading, 0):
            while waiting and len(running) < processes:
                running.append(_start(waiting.pop(), environment, writing))
            if _has_bytes(reading, SECONDS_BETWEEN_CHECKS):
                advance(len(os.read(reading, 4096)))
            running = [process for process in running if not process.has_finished()]
    finally:
        for process in running:
            process.stop()
        os.close(reading)
        os.close(writing)


def _start(job: Job, environment: Mapping[str, str], progress: int) -> Geant4Process:
    log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  open while it runs
    process = subprocess.Popen(
        [sys.executable, "-m", "heitler.simulation.geant4"],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        pass_fds=[progress],
    )
    assert process.stdin is not None
    with process.stdin as stdin:
        json.dump({**job, "progress": progress}, stdin)
    return Geant4Process(Path(job["path"]).name, process, log)


def _has_bytes(descriptor: int, timeout_s: float) -> bool:
    return bool(select.select([descriptor], [], [], timeout_s)[0])


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by signal {-code} ({signal.Signals(-code).name})"
    return f"ended with exit code {code}"
