"""Workers talk to each other, speak readably, and die together."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from heitler.base.stage import launched_rank
from heitler.cluster.ends import End, WorkerEnds
from heitler.cluster.heartbeat import GRACE_S
from heitler.cluster.output import readable
from heitler.cluster.stalls import Stalls
from heitler.config import load_config
from tests.cluster.ends import assert_they_end, wait_until

LOCAL = load_config().cluster
PROGRAM = str(Path(__file__).with_name("program.py"))
START = """
import dataclasses, sys
from heitler.cluster.launch import run_workers
from heitler.config import load_config
from heitler.base.stage import run_stage
cluster = dataclasses.replace(load_config().cluster, **{changes})
run_stage(lambda: sys.exit(run_workers(cluster, 2, *{program})))
"""


@dataclass(frozen=True)
class Job:
    """Two local workers, whose launcher prints into files."""

    launcher: "subprocess.Popen[bytes]"
    folder: Path

    @property
    def out(self) -> list[str]:
        return lines_of(self.folder / "out")

    @property
    def err(self) -> list[str]:
        return lines_of(self.folder / "err")

    def pids(self) -> dict[int, int]:
        """Process numbers by rank, once all have told theirs."""
        wait_until(lambda: len(self._pid_lines()) == 2)
        return {
            int(line.startswith("worker 1")): int(line.split()[-1]) for line in self._pid_lines()
        }

    def _pid_lines(self) -> list[str]:
        return [line for line in self.out if "pid" in line]


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


STARTED: "list[subprocess.Popen[bytes]]" = []


@pytest.fixture(autouse=True)
def none_left_running() -> Iterator[None]:
    """A test that fails leaves no job behind: the launcher's end is its workers'."""
    yield
    while STARTED:
        STARTED.pop().kill()


def start(folder: Path, *arguments: str, **changes: Any) -> Job:
    """Run program.py on two workers, with changes to the section `cluster`."""
    code = START.format(changes=changes, program=(PROGRAM, *arguments))
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        STARTED.append(subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=err))
    return Job(STARTED[-1], folder)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Workers that first work together; then one of them wants to be one of three."""
    job = start(tmp_path_factory.mktemp("job"), "talk")
    job.launcher.wait(timeout=120)
    return job


def test_two_workers_sum_gather_and_share(failed: Job) -> None:
    assert sorted(line for line in failed.out if "/2 " in line) == [
        "0/2 1.0 [2. 2. 2.] [0 1 1] 0",
        "worker 1: 1/2 1.0 [2. 2. 2.] [0 1 1] 0",
    ]


def test_a_launcher_with_another_number_of_workers_is_refused(failed: Job) -> None:
    assert "3 workers wanted, but the launcher started 2." in failed.out[-1]


def test_a_failing_worker_stops_all_and_its_reason_is_shown(failed: Job) -> None:
    """The other one, which loses contact, says nothing."""
    assert failed.launcher.returncode == 1
    assert failed.out[-1].startswith("worker 1: ")
    assert len([line for line in failed.out if not line.startswith("worker 1: ")]) == 1
    [error] = failed.err
    assert error.startswith(f"Error: worker 1 on {platform.node()} ended with exit status 1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopping_the_launcher_leaves_no_worker_behind(
    number: signal.Signals, tmp_path: Path
) -> None:
    job = start(tmp_path, "wait")
    pids = job.pids()
    job.launcher.send_signal(number)
    assert job.launcher.wait(timeout=120) in (128 + number, -number)
    assert_they_end(pids.values(), within_s=GRACE_S)


def test_a_worker_that_keeps_the_others_waiting_is_named_and_given_up(tmp_path: Path) -> None:
    """First one that lives but is late, until it comes; then it is stopped (SIGSTOP)."""
    come = tmp_path / "come"
    job = start(tmp_path, "meet", str(come), stall_warning_s=1, collective_timeout_s=6)
    pids, here = job.pids(), f"worker 1 on {platform.node()}"
    os.kill(pids[1], signal.SIGUSR1)
    late = f"Warning: {here} lives, but has kept the others waiting for 1 s"
    wait_until(lambda: any(line.startswith(late) for line in job.err))
    come.touch()
    arrived = f"Warning: {here} has come to the others"
    wait_until(lambda: any(line.startswith(arrived) for line in job.err))
    os.kill(pids[1], signal.SIGSTOP)
    took_s = wait_until(lambda: job.launcher.poll() is not None)
    assert job.launcher.returncode == 1
    assert took_s > 5
    assert_they_end(pids.values(), within_s=5)
    *told, error = job.err
    assert any(f"{here} has given no sign of life for 1 s" in line for line in told)
    assert error.startswith(f"Error: {here} has given no sign of life for 6 s")
    assert error.endswith("(cluster.collective_timeout_s). The job stops.")
    assert not any("heitler: worker" in line for line in job.out)


def test_of_workers_that_live_the_one_that_came_least_often_is_late(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sign of life every 10 s; limits of 60 and 600 s."""
    given_up: list[tuple[int, str]] = []
    stalls = Stalls(LOCAL, lambda *why: given_up.append(why))

    def hear(*times_come: int) -> None:
        for rank, times in enumerate(times_come):
            assert stalls.note(f"heitler: worker {rank} on node7 lives, came {times}\n")

    for cycle in range(100):
        hear(cycle + 1, cycle, cycle)  # they are heard while the first goes ahead
    for _ in range(100):
        hear(101, 101, 101)  # all work at the same for long
    assert not given_up
    assert not capsys.readouterr().err
    for _ in range(10):
        hear(102, 101, 102)
    hear(103, 103, 103)
    told, over = capsys.readouterr().err.splitlines()
    assert told.startswith(
        "Warning: worker 1 on node7 lives, but has kept the others waiting for 60"
    )
    assert over == "Warning: worker 1 on node7 has come to the others, after 100 s."
    for _ in range(61):
        hear(103, 104, 104)
    [(rank, reason)] = given_up
    assert rank == 0
    assert "lives, but has kept the others waiting for 600 s (cluster.coll" in reason


def test_horovods_report_of_missing_ranks_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    raw = [
        "heitler: worker 3 on node7 lives, came 7\n",
        "[2026-11-25 03:20:00: W /tmp/stall_inspector.cc:107] One or more tensors were submitted "
        "to be reduced, gathered or broadcasted by subset of ranks and are waiting for remainder "
        "of ranks for more than 60 seconds. This may indicate that ...\n",
        "Missing ranks:\n",
        "1: [gradients, wait_for_all]\n",
        "3!: [wait_for_all]\n",
        'One or more rank (marked by "!") is stalled for longer than 600 seconds. Will shutdown.\n',
    ]
    given_up: list[tuple[int, str]] = []
    stalls = Stalls(LOCAL, lambda *why: given_up.append(why))
    assert all(stalls.note(line) for line in raw)
    assert not stalls.note("epoch 1\n")
    warning = capsys.readouterr().err
    assert warning.startswith("Warning: worker 1 has not come to what the others wait for (grad")
    [(rank, reason)] = given_up
    assert rank == 3
    assert reason.startswith("worker 3 on node7 has not come to what the others wait for (wait")
    assert reason.endswith("in 600 s (cluster.collective_timeout_s)")


def test_the_launchers_own_words_are_left_out() -> None:
    """All but the first end, which is the cause."""
    raw = [
        "[0]<stdout>:epoch 1\n",
        "[1]<stderr>:out of memory\n",
        "[0]<stderr>:I0000 00:00:1.2 1 port.cc:153] oneDNN custom operations are on.\n",
        "Process 0 exit with status code 75.\n",
        "Process 1 exit with status code 137.\n",
        "Terminating remaining workers after failure of Process 1.\n",
        "Traceback (most recent call last):\n",
        "[1]<stderr>:last words\n",
    ]
    causes: list[End] = []
    shown = list(readable(iter(raw), WorkerEnds(["here", "there"], causes.append).note))
    assert shown == ["epoch 1\n", "worker 1: out of memory\n", "worker 1: last words\n"]
    assert causes == [End(1, "there", 137)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [
                "=   RANK 0 PID 71 RUNNING AT a",
                "=   KILLED BY SIGNAL: 14 (Alarm clock)",
                "=   RANK 1 PID 72 RUNNING AT b",
                "=   KILLED BY SIGNAL: 9 (Killed)",
            ],
            "worker 1 on b was ended by signal 9 (SIGKILL; often too little memory, see dmesg)",
        ),
        (
            ["Process 0 exit with status code 255."],
            "worker 0 on a was lost with the connection to its host",
        ),
        (["srun: error: n2: task 3: Killed"], "worker 3 on n2 was ended by signal 9"),
        (
            ["srun: error: n2: task 3: Exited with exit code 2"],
            "worker 3 on n2 ended with exit status 2",
        ),
        (
            ["mpirun noticed that process rank 1 with PID 0 on node c exited on signal 11 (...)."],
            "worker 1 on c was ended by signal 11 (SIGSEGV)",
        ),
    ],
)
def test_every_launchers_report_of_a_lost_worker_is_understood(
    lines: list[str], expected: str
) -> None:
    causes: list[End] = []
    ends = WorkerEnds(["a"], causes.append)
    assert all(ends.note(line) for line in lines)
    assert [str(cause)[: len(expected)] for cause in causes] == [expected]


def test_a_process_nobody_launched_has_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched_rank() is None
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "3")
    assert launched_rank() == 3
