"""Workers talk to each other, speak readably, and die together."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.cluster.ends import End, WorkerEnds
from heitler.cluster.launch import run_workers
from heitler.cluster.output import readable
from heitler.cluster.stalls import Stalls
from heitler.config import load_config
from heitler.stage import launched_rank
from tests.cluster.ends import assert_they_end, wait_until

LOCAL = load_config().cluster
PROGRAM = str(Path(__file__).with_name("program.py"))


def test_two_workers_sum_gather_and_share(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEITLER_TEST_PROGRAM", "talk")
    assert run_workers(LOCAL, 2, PROGRAM) == 0
    lines = sorted(capfd.readouterr().out.splitlines())
    assert lines == [
        "0/2 1.0 [2. 2. 2.] [0 1 1] 0",
        "worker 1: 1/2 1.0 [2. 2. 2.] [0 1 1] 0",
    ]


def test_a_failing_worker_stops_all_and_its_reason_is_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEITLER_TEST_PROGRAM", "fail")
    assert run_workers(LOCAL, 2, PROGRAM) != 0
    captured = capfd.readouterr()
    assert "worker 1: worker has a reason" in captured.out
    assert captured.err.startswith(f"Error: worker 1 on {platform.node()} ended with exit status 1")
    assert "horovod/runner" not in captured.out


def test_a_launcher_with_another_number_of_workers_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEITLER_TEST_PROGRAM", "talk")
    monkeypatch.setenv("HEITLER_TEST_WORKERS", "3")
    assert run_workers(LOCAL, 1, PROGRAM) != 0
    assert "3 workers wanted, but the launcher started 1." in capfd.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopping_the_launcher_leaves_no_worker_behind(number: signal.Signals) -> None:
    code = (
        "import sys; from heitler.stage import run_stage; "
        "from heitler.cluster.launch import run_workers; "
        "from heitler.config import load_config; "
        f"run_stage(lambda: sys.exit(run_workers(load_config().cluster, 2, {PROGRAM!r})))"
    )
    environment = os.environ | {"HEITLER_TEST_PROGRAM": "wait"}
    launcher = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    pids = []
    while len(pids) < 2:
        words = launcher.stdout.readline().split()
        if "pid" in words:
            pids.append(int(words[-1]))
    launcher.send_signal(number)
    assert launcher.wait(timeout=30) in (128 + number, -number)
    assert_they_end(pids, within_s=30)


def test_a_worker_that_keeps_the_others_waiting_is_named_and_given_up(tmp_path: Path) -> None:
    """One that is stopped (SIGSTOP)."""
    limits = "stall_warning_s=1, collective_timeout_s=6"
    code = (
        "import dataclasses, sys; from heitler.cluster.launch import run_workers; "
        "from heitler.config import load_config; "
        f"cluster = dataclasses.replace(load_config().cluster, {limits}); "
        f"sys.exit(run_workers(cluster, 2, {PROGRAM!r}, 'meet'))"
    )
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        launcher = subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=err)

    def said(file: str, *words: str) -> bool:
        text = (tmp_path / file).read_text()
        return all(word in text for word in words)

    here = f"worker 1 on {platform.node()}"
    wait_until(lambda: len(lines_of(tmp_path / "out")) == 2)
    pids = {line[:8] == "worker 1": int(line.split()[-1]) for line in lines_of(tmp_path / "out")}
    os.kill(pids[True], signal.SIGSTOP)
    took_s = wait_until(lambda: launcher.poll() is not None)
    assert launcher.returncode != 0
    assert took_s > 5
    assert_they_end(pids.values(), within_s=5)
    *told, error = lines_of(tmp_path / "err")
    assert any(f"{here} has given no sign of life for 1 s" in line for line in told)
    assert error.startswith(f"Error: {here} has given no sign of life for 6 s")
    assert error.endswith("(cluster.collective_timeout_s). The job stops.")
    assert not said("out", "heitler: worker")


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


def test_horovods_report_of_missing_ranks_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    raw = [
        "heitler: worker 3 on node7 lives\n",
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
