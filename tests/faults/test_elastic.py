"""`cluster.elastic`: a training that loses a worker goes on with the others to its end."""

import csv
import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from heitler.cluster.elastic import usable_slots
from heitler.config import ConfigError
from tests.cluster.ends import wait_until
from tests.conftest import MakeConfig
from tests.faults.training_folder import make_folder, workers_of

SHOWERS, EPOCHS = 24, 4


def test_the_worker_that_is_left_goes_on_and_every_event_is_seen_once(tmp_path: Path) -> None:
    """Rank 0, which writes, is killed: the other one becomes rank 0."""
    folder = make_folder(tmp_path, SHOWERS, elastic=True, epochs=EPOCHS)
    training = folder.start()
    folder.wait_for_checkpoint(training, lambda: folder.checkpoints[-1:] >= ["epoch-0001"])
    os.kill(workers_of(training)[0], signal.SIGKILL)
    wait_until(lambda: training.poll() is not None, 900)
    assert training.returncode == 0, folder.output
    assert "Error: worker 0 on " in folder.output
    assert "Going on with 1 worker from the last checkpoint." in folder.output
    assert "resuming after epoch" in folder.output
    with (tmp_path / "reports/train/paper/history.csv").open(newline="") as file:
        history = list(csv.DictReader(file))
    assert len(history) == EPOCHS
    workers = [int(float(epoch["workers"])) for epoch in history]
    assert workers[0] == 2
    assert workers[-1] == 1
    assert workers == sorted(workers, reverse=True)
    for epoch in history:
        assert float(epoch["events_seen"]) == float(epoch["unique_events_seen"]) == SHOWERS


def test_only_numbers_of_workers_that_do_the_same_training_are_used(
    make_config: MakeConfig,
) -> None:
    train = {"workers": 6, "global_batch_size": 24, "virtual_workers": 12}
    own = make_config(train=train).train
    assert own.possible_workers == [6, 4, 3, 2, 1]
    assert {own.with_workers(number).batch_norm_groups for number in (4, 3, 2, 1)} == {12}
    synchronised = make_config(train=train | {"batch_norm": "synchronised"}).train
    assert synchronised.possible_workers == [6, 4, 3, 2, 1]
    assert synchronised.with_workers(4).batch_norm_groups == 4


def test_slurm_and_mpi_jobs_are_not_elastic(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match="let the batch system start the job again"):
        make_config(cluster={"launcher": "slurm", "elastic": True})


def test_a_lost_slot_and_a_host_that_does_not_answer_are_not_used(
    make_config: MakeConfig,
) -> None:
    """This machine under two names, and one that has no address."""
    here, other = os.uname().nodename, "localhost"
    hosts = (f"{here}:2", f"{other}:1", "no-such-host.invalid:4")
    cluster = replace(make_config().cluster, launcher="hosts", elastic=True, hosts=hosts)
    assert usable_slots(cluster, 3, Counter()) == {here: 2, other: 1}
    assert usable_slots(cluster, 3, Counter({here: 1})) == {here: 1, other: 1}
    assert usable_slots(cluster, 3, Counter({here: 2})) == {other: 1}
    assert usable_slots(cluster, 3, Counter({here: 2, other: 1})) == {}
