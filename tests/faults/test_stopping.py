"""The stage `train` on real workers: Ctrl-C saves and ends, a killed worker ends the job."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from heitler.cluster.launch import LONGEST_STOP_S
from tests.cluster.ends import assert_they_end, wait_until
from tests.faults.training_folder import TrainingFolder, make_folder, stop, workers_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    return make_folder(
        tmp_path_factory.mktemp("training"), showers=400, epochs=500, checkpoint_every_min=1000
    )


def test_ctrl_c_saves_within_the_epoch_and_exits_130_with_the_way_to_go_on(
    folder: TrainingFolder,
) -> None:
    training = folder.start()
    folder.wait_for_checkpoint(training, lambda: folder.checkpoints)
    workers = workers_of(training)
    assert stop(training, signal.SIGINT) == 130
    assert "-cycle-" in folder.checkpoints[-1]
    assert "data/unfinished/paper/checkpoints. To go on: the same command" in folder.output
    assert "Error" not in folder.output
    assert "Traceback" not in folder.output
    assert_they_end(workers.values(), within_s=5)
    assert left_behind(folder.path) == []


def test_a_killed_worker_ends_the_job_within_its_time_and_is_named(folder: TrainingFolder) -> None:
    before = folder.checkpoints[-1]
    shutil.rmtree(folder.path / "data/training", ignore_errors=True)  # as `dvc exp run` may do
    training = folder.start()
    folder.wait_for_checkpoint(training, lambda: folder.checkpoints[-1] != before)
    assert "resuming after epoch" in folder.output
    workers = workers_of(training)
    os.kill(workers[1], signal.SIGKILL)
    assert_they_end(workers.values(), within_s=LONGEST_STOP_S)
    assert training.wait(timeout=180) == 1  # once it has closed the worker's record
    [error] = [line for line in folder.output.splitlines() if "Error" in line]
    assert error.startswith(f"Error: worker 1 on {os.uname().nodename} was ended by signal 9")
    assert "Traceback" not in folder.output
    assert left_behind(folder.path) == []


def test_ctrl_c_while_the_workers_start_ends_all_at_once(folder: TrainingFolder) -> None:
    saved = folder.checkpoints
    training = folder.start()
    wait_until(lambda: len(workers_of(training)) == 2)
    workers = workers_of(training)
    training.send_signal(signal.SIGINT)
    assert_they_end(workers.values(), within_s=5)
    assert training.wait(timeout=180) == 130
    assert folder.output.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in folder.output
    assert folder.checkpoints == saved
    assert left_behind(folder.path) == []


def left_behind(folder: Path) -> list[Path]:
    """Half-written and stop files; a lock's file stays, the lock does not."""
    hidden = (folder / "data").rglob(".*")
    return [path for path in hidden if path.is_file() and path.suffix != ".lock"]
