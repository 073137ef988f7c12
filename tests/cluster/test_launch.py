"""Workers talk to each other, speak readably, and die together."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.cluster.launch import launched_rank, run_workers
from heitler.cluster.output import readable
from heitler.config import load_config
from tests.cluster.ends import assert_they_end

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
    assert "a worker failed (above); all 2 were stopped" in captured.err
    assert "horovod/runner" not in captured.out


def test_a_launcher_with_another_number_of_workers_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEITLER_TEST_PROGRAM", "talk")
    monkeypatch.setenv("HEITLER_TEST_WORKERS", "3")
    assert run_workers(LOCAL, 1, PROGRAM) != 0
    assert "train.workers is 3, but the launcher started 1." in capfd.readouterr().out


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


def test_the_launchers_own_words_are_left_out() -> None:
    raw = [
        "[0]<stdout>:epoch 1\n",
        "[1]<stderr>:out of memory\n",
        "[0]<stderr>:I0000 00:00:1.2 1 port.cc:153] oneDNN custom operations are on.\n",
        "Process 1 exit with status code 1.\n",
        "Traceback (most recent call last):\n",
        "[1]<stderr>:last words\n",
    ]
    shown = list(readable(iter(raw)))
    assert shown == ["epoch 1\n", "worker 1: out of memory\n", "worker 1: last words\n"]


def test_a_process_nobody_launched_has_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    assert launched_rank() is None
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "3")
    assert launched_rank() == 3
