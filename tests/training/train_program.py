"""Run as a Horovod worker by the tests: train on the showers of a folder, as the stage does."""

import os
import signal
import sys
from pathlib import Path

from heitler.cluster.world import join_world
from heitler.config import load_config
from heitler.data.hdf5 import read_showers
from heitler.data.summary import load_summary
from heitler.training.loop import TrainingInput, train

data, params, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
kill_after_epoch = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def log_epoch(metrics: dict[str, float], epoch: int) -> None:
    if epoch == kill_after_epoch:
        os.kill(os.getpid(), signal.SIGKILL)


config = load_config(params)
world = join_world(config.train.workers, 1)
source = TrainingInput(
    data / "train.h5", read_showers(data / "train.h5")[:4], load_summary(data / "summary.json")
)
train(
    config,
    source,
    world,
    folder=out,
    fingerprint="test",
    check_physics=lambda showers: {"generated_GeV": float(showers.sum())},
    log_epoch=log_epoch,
)
