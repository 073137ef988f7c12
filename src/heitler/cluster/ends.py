"""Which worker ended first and how, from what its launcher says of it.

When one worker is gone, the others lose contact and are stopped. Only the first one's end is a
cause; what the others then say is not.
"""

import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LOST_CONTACT = 75
"""Exit status of a worker whose collective failed because another one is gone."""
STOPPED = 128 + signal.SIGINT
"""Exit status of a worker that was asked to stop and has saved its work."""
ABORT = int(signal.SIGALRM)
"""With which Intel MPI ends the others; by itself it would use SIGKILL, as an outside killer."""
UNIX_SIGNALS = 128
SSH_LOST = 255
"""Exit status of ssh when its connection ends before the program does."""
CONSEQUENCES = (LOST_CONTACT, UNIX_SIGNALS + signal.SIGTERM, UNIX_SIGNALS + ABORT)

HOROVODRUN = re.compile(r"Process (?P<rank>\d+) exit with status code (?P<status>\d+)")
HYDRA_RANK = re.compile(r"=\s+RANK (?P<rank>\d+) PID \d+ RUNNING AT (?P<host>\S+)")
HYDRA_END = re.compile(
    r"=\s+(?:EXIT (?:CODE|STATUS): (?P<status>\d+)|KILLED BY SIGNAL: (?P<sig>\d+))"
)
SRUN = re.compile(
    r"srun: error: (?P<host>[^:\s]+): tasks? (?P<rank>\d+)[^:]*: "
    r"(?:Exited with exit code (?P<status>\d+)|(?P<word>\w+))"
)
OPEN_MPI_SIGNAL = re.compile(
    r"mpirun noticed that process rank (?P<rank>\d+) with PID \d+ on node (?P<host>\S+) "
    r"exited on signal (?P<sig>\d+)"
)
OPEN_MPI_RANK = re.compile(r"\s*Process name: \[\[\d+,\d+\],(?P<rank>\d+)\]")
OPEN_MPI_STATUS = re.compile(r"\s*Exit code:\s+(?P<status>\d+)")
SRUN_WORDS = {"Killed": 9, "Terminated": 15, "Aborted": 6, "Segmentation": 11}
# The launchers' other remarks on the same matter, and the remote shells'.
REMARKS = re.compile(
    r"^(=+|=   BAD TERMINATION.*|-{20,}|Terminating remaining workers.*|Terminated|Killed)\s*$"
    r"|^srun: (Job step aborted|Terminating|error: |Force Terminated)|^slurmstepd: "
    r"|detected that one or more processes exited with non-zero|Primary job  terminated normally"
)


@dataclass(frozen=True)
class End:
    """How a worker ended."""

    rank: int
    host: str | None
    status: int
    """Exit status; 128 and the signal's number if a signal ended it."""

    @property
    def killed(self) -> bool:
        """Whether a signal or the loss of its host ended it, and not its own program."""
        return self.status > UNIX_SIGNALS

    def __str__(self) -> str:
        where = f" on {self.host}" if self.host else ""
        if not self.killed:
            return f"worker {self.rank}{where} ended with exit status {self.status}"
        if self.status == SSH_LOST:
            return f"worker {self.rank}{where} was lost with the connection to its host"
        number = self.status - UNIX_SIGNALS
        names = {s.value: s.name for s in signal.Signals}
        hint = "; often too little memory, see dmesg" if number == signal.SIGKILL else ""
        return (
            f"worker {self.rank}{where} was ended by signal {number} "
            f"({names.get(number, 'unknown')}{hint})"
        )


class WorkerEnds:
    """Listens to a launcher's lines; calls `on_cause` for the first end that is no consequence."""

    def __init__(self, hosts: Sequence[str], on_cause: Callable[[End], None]) -> None:
        self.all: list[End] = []
        self.cause: End | None = None
        self._hosts, self._on_cause = hosts, on_cause
        self._rank: tuple[int, str | None] | None = None

    def note(self, line: str) -> bool:
        """Take in a line of the launcher's own; whether it is about how workers ended."""
        for pattern in (HOROVODRUN, SRUN, OPEN_MPI_SIGNAL, HYDRA_RANK, OPEN_MPI_RANK):
            if found := pattern.match(line):
                parts = found.groupdict()
                rank = int(parts["rank"])
                self._rank = (rank, parts.get("host") or self._host(rank))
                self._end(parts)
                return True
        for pattern in (HYDRA_END, OPEN_MPI_STATUS):
            if found := pattern.match(line):
                self._end(found.groupdict())
                return True
        return bool(REMARKS.search(line))

    def _host(self, rank: int) -> str | None:
        return self._hosts[rank] if rank < len(self._hosts) else None

    def _end(self, parts: dict[str, str | None]) -> None:
        """The end of the worker named last, if the line tells how."""
        number = parts.get("sig") or SRUN_WORDS.get(parts.get("word") or "")
        status = parts.get("status") or (UNIX_SIGNALS + int(number) if number else None)
        if self._rank is None or status is None:
            return
        end = End(*self._rank, int(status))
        self._rank = None
        self.all.append(end)
        if self.cause is None and end.status not in CONSEQUENCES:
            self.cause = end
            self._on_cause(end)
