"""One MLflow run per training, whatever interrupts it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from heitler.tracking.runs import close_abandoned_runs, open_run
from heitler.tracking.store import connect
from heitler.tracking.training import RUN_FILE, track_training, training_run

FOLDER = Path("data/training/paper")
KILLED_OUTRIGHT = """
import os, signal
from heitler.tracking.runs import open_run
with open_run("killed") as run:
    print(run.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def status(run_id: str) -> str:
    return mlflow.get_run(run_id).info.status


def steps(run_id: str) -> list[int]:
    return [m.step for m in mlflow.MlflowClient().get_metric_history(run_id, "loss")]


def interrupted_training(config, epochs: int) -> str:
    """Train until SIGTERM, which stages turn into SystemExit; return the run's id."""
    with pytest.raises(SystemExit):
        train_until_sigterm(config, epochs)
    return json.loads((FOLDER / RUN_FILE).read_text())["run_id"]


def train_until_sigterm(config, epochs: int) -> None:
    with track_training(config, FOLDER, "same", [], active=True) as run:
        for epoch in range(1, epochs + 1):
            run.log_epoch({"loss": 1.0 / epoch}, epoch)
        sys.exit(128 + signal.SIGTERM)


def test_resumed_training_continues_its_run_without_repeating_epochs(make_config, store):
    config = make_config()
    interrupted = interrupted_training(config, epochs=2)
    assert status(interrupted) == "KILLED"
    with track_training(config, FOLDER, "same", [], active=True) as resumed:
        for epoch in (1, 2, 3):  # those of the checkpoint again, then a new one
            resumed.log_epoch({"loss": 1.0 / epoch}, epoch)
    assert resumed.run_id == interrupted
    assert steps(interrupted) == [1, 2, 3]
    assert status(interrupted) == "FINISHED"


def test_more_epochs_of_a_finished_training_are_a_run_of_their_own(make_config, store):
    with track_training(make_config(), FOLDER, "same", [], active=True) as first:
        first.log_epoch({"loss": 1.0}, 1)
    longer = make_config(train={"epochs": 50})
    with track_training(longer, FOLDER, "same", [], active=True) as second:
        second.log_epoch({"loss": 1.0}, 1)
        second.log_epoch({"loss": 0.5}, 2)
    assert second.run_id != first.run_id
    assert mlflow.get_run(second.run_id).data.params["train.epochs"] == "50"
    assert steps(first.run_id) == [1]
    assert steps(second.run_id) == [1, 2]


def test_finished_training_that_is_run_again_has_a_run_of_its_own(make_config, store):
    with track_training(make_config(), FOLDER, "same", [], active=True) as first:
        pass
    with track_training(make_config(), FOLDER, "same", [], active=True) as again:
        assert again.run_id != first.run_id


@pytest.mark.parametrize("changed", ["fingerprint", "parameters"])
def test_another_training_does_not_continue_an_interrupted_run(make_config, store, changed):
    interrupted = interrupted_training(make_config(), epochs=1)
    config = make_config(train={"keep_checkpoints": 7} if changed == "parameters" else {})
    fingerprint = "other" if changed == "fingerprint" else "same"
    with track_training(config, FOLDER, fingerprint, [], active=True) as run:
        assert run.run_id != interrupted
    assert status(interrupted) == "KILLED"


def test_later_stages_add_to_the_run_and_leave_its_status(make_config, store):
    interrupted = interrupted_training(make_config(), epochs=1)
    run = training_run(FOLDER)
    run.log_metrics({"test_response": 0.9})
    assert run.run_id == interrupted
    assert mlflow.get_run(interrupted).data.metrics["test_response"] == 0.9
    assert status(interrupted) == "KILLED"


def test_later_stages_parameters_are_tags_not_parameters_of_the_training(make_config, store):
    with track_training(make_config(), FOLDER, "same", [], active=True) as run:
        pass
    training_run(FOLDER, generate=make_config(generate={"seed": 7}).generate)
    kept = mlflow.get_run(run.run_id).data
    assert kept.tags["heitler.generate.seed"] == "7"
    assert not any(name.startswith(("generate.", "validate.")) for name in kept.params)
    assert kept.params["train.workers"] == "2"


def test_trainings_of_equal_parameters_have_names_of_their_own(make_config, store):
    for _ in range(2):
        with track_training(make_config(), FOLDER, "same", [], active=True) as run:
            pass
    assert mlflow.get_run(run.run_id).info.run_name == "paper-2w-b8-5ep-2"


def test_later_stages_make_a_new_run_if_the_trainings_was_deleted(make_config, store, capsys):
    (store / FOLDER).mkdir(parents=True)
    (store / FOLDER / RUN_FILE).write_text(json.dumps({"run_id": "0" * 32, "training": "x"}))
    run = training_run(FOLDER)
    run.log_metrics({"test_response": 0.9})
    assert mlflow.get_run(run.run_id).data.metrics["test_response"] == 0.9
    assert "is not in this store" in capsys.readouterr().out


def test_run_of_a_process_killed_outright_is_marked_and_living_ones_are_not(store):
    connect()  # so that both processes share the store
    done = subprocess.run([sys.executable, "-c", KILLED_OUTRIGHT], capture_output=True, text=True)
    run_id = done.stdout.strip()
    assert status(run_id) == "RUNNING"
    with open_run("living") as living:
        assert status(run_id) == "KILLED"
        close_abandoned_runs()
        assert status(living.run_id) == "RUNNING"


def test_run_names_the_data_it_was_trained_on_and_not_what_came_of_an_earlier_one(
    make_config, store
):
    outs = "outs: [{path: data/prepared, md5: abc.dir}, {path: data/generated, md5: old.dir}]"
    (store / "dvc.lock").write_text(f"stages: {{any: {{{outs}}}}}")
    with track_training(make_config(), FOLDER, "x", [], active=True) as run:
        tags = mlflow.get_run(run.run_id).data.tags
    assert tags["heitler.data.data/prepared"] == "abc.dir"
    assert "heitler.data.data/generated" not in tags


def test_workers_that_do_not_write_leave_no_trace(make_config, project):
    with track_training(make_config(), FOLDER, "x", [], active=False) as run:
        run.log_epoch({"loss": 1.0}, 1)
    assert list(project.iterdir()) == []
