"""Workers that keep the others waiting: named while they do, and given up after a stated time.

There are two ways to be missing, and the signs of life (`heitler.cluster.heartbeat`) show both.
Those of a worker that is stopped, swapped out or on a host that is gone stay away. Those of one
that lives but does not come to where the others wait, because it reads, writes or is in a deadlock,
say again and again that it came fewer times than others.

Horovod has a report of its own for the latter, which MPI's workers print and which is put into the
same words. With Gloo it never comes: Horovod 0.28.1 asks a list of ranks that it has reserved room
for but never filled (`global_ranks_` in its gloo_controller.cc).
"""

import re
import sys
import threading
from collections.abc import Callable

from heitler.cluster.heartbeat import LINE
from heitler.config import ClusterConfig

LOOK_S = 0.5
LONGEST_PERIOD_S = 10.0
HOROVODS = re.compile(
    r"One or more tensors were submitted .* for more than \d+ seconds|^Missing ranks:"
    r'|^One or more rank \(marked by "!"\)'
)
MISSING = re.compile(r"^(?P<rank>\d+)(?P<given_up>!?): \[(?P<tensor>.+?)(?:, .*)?\]\s*$")


def heartbeat_period_s(cluster: ClusterConfig) -> float:
    """Between two signs of life; several fit into the time after which their lack is told."""
    return min(LONGEST_PERIOD_S, cluster.stall_warning_s / 4)


class Stalls:
    """Listens to the workers' lines; calls `give_up` with the rank and the reason."""

    def __init__(self, cluster: ClusterConfig, give_up: Callable[[int, str], None]) -> None:
        self._warn_s, self._give_up_s = cluster.stall_warning_s, cluster.collective_timeout_s
        self._give_up = give_up
        self._hosts: dict[int, str] = {}
        self._silent_s: dict[int, float] = {}
        self._period_s = heartbeat_period_s(cluster)
        self._came: dict[int, int] = {}
        self._late_s: dict[int, float] = {}
        self._listed = False
        self._over = threading.Event()

    def note(self, text: str) -> bool:
        """Take in a worker's line, without its label; whether it was for the launcher only."""
        text = text.rstrip()
        if sign := LINE.match(text):
            self._hear(int(sign["rank"]), sign["host"], sign["times"])
            return True
        if HOROVODS.search(text):
            self._listed = True
            return True
        missing = MISSING.match(text) if self._listed else None
        if missing is None:
            return False
        rank = int(missing["rank"])
        who = self._name(rank)
        where = f"to what the others wait for ({missing['tensor']})"
        if missing["given_up"]:
            self._end(rank, f"{who} has not come {where} in {self._give_up_s} s")
        elif self._late_s.get(rank, 0.0) < self._warn_s:  # not told yet
            _warn(f"{who} has not come {where} for {self._warn_s} s or more.")
        return True

    def watch(self) -> None:
        """Look from a thread, until `stop`, who is silent.

        Time in which this process was stopped itself does not count: it is counted by looks.
        """
        threading.Thread(target=self._watch, name="stall-watch", daemon=True).start()

    def stop(self) -> None:
        """No more looks."""
        self._over.set()

    def silent(self) -> str:
        """Who has been silent for so long that it was told, in words; empty if nobody is."""
        long = [rank for rank, silent in self._silent_s.items() if silent >= self._warn_s]
        return ", ".join(self._name(rank) for rank in sorted(long))

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            for rank, before in list(self._silent_s.items()):
                now = before + LOOK_S
                if self._silent_s.get(rank) == before:  # not heard or ended meanwhile
                    self._silent_s[rank] = now
                self._tell(
                    *(rank, before, now, "has given no sign of life"),
                    "stopped, out of memory, or its host not to be reached",
                )

    def _hear(self, rank: int, host: str, times: str | None) -> None:
        """A sign of life: how often the worker has come to the others; None if it ends."""
        self._hosts[rank] = host
        silent_s, late_s = self._silent_s.pop(rank, 0.0), self._late_s.pop(rank, 0.0)
        came_before = self._came.pop(rank, None)
        if silent_s >= self._warn_s:
            _warn(f"{self._name(rank)} is heard again, after {silent_s:g} s.")
        if times is None:
            return
        self._silent_s[rank] = 0.0
        self._came[rank] = came = int(times)
        if came == came_before and came < max(self._came.values()):
            self._late_s[rank] = now = late_s + self._period_s
            self._tell(
                *(rank, late_s, now, "lives, but has kept the others waiting"),
                "a slow disk, or a deadlock of its own",
            )
        elif late_s >= self._warn_s:
            _warn(f"{self._name(rank)} has come to the others, after {late_s:g} s.")

    def _tell(self, rank: int, before_s: float, now_s: float, what: str, why: str) -> None:
        """What is due of warning and end, if this was so for `before_s` and now is for `now_s`."""
        if before_s < self._warn_s <= now_s:
            _warn(f"{self._name(rank)} {what} for {self._warn_s} s ({why}). The others wait.")
        if before_s < self._give_up_s <= now_s:
            self._end(rank, f"{self._name(rank)} {what} for {now_s:g} s")

    def _end(self, rank: int, reason: str) -> None:
        self.stop()
        self._give_up(rank, f"{reason} (cluster.collective_timeout_s)")

    def _name(self, rank: int) -> str:
        host = self._hosts.get(rank)
        return f"worker {rank} on {host}" if host else f"worker {rank}"


def _warn(text: str) -> None:
    print(f"Warning: {text}", file=sys.stderr, flush=True)
