"""A folder in which the stage `train` runs by itself: tiny showers, tiny networks, real workers."""

import contextlib
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import psutil
import yaml

from heitler.data.hdf5 import Showers, write_showers
from tests.cluster.ends import wait_until
from tests.conftest import ONE_FOR_ALL

STAGE = Path(__file__).parents[2] / "pipelines/train.py"
PARAMS = Path(__file__).parents[2] / "params.yaml"
RECIPE = "paper"
SHAPE = (9, 9, 9)
QUICK = {
    "workers": 2,
    "global_batch_size": 4,
    "epochs": 2,
    "generator_updates_per_cycle": 1,  # traced sooner than the published two
    "response_bins": 1,
    "checkpoint_every_min": 1e-9,  # after every cycle
}


@dataclasses.dataclass(frozen=True)
class TrainingFolder:
    """The folder; `train` runs the stage in it, as DVC would."""

    path: Path
    words: tuple[str, ...] = (str(STAGE), RECIPE)
    """Script of the stage and what it is given."""

    def start(self, **variables: str) -> "subprocess.Popen[str]":
        """Start the stage; its words go to `output.txt`."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_TR")}
        with (self.path / "output.txt").open("w") as output:
            return subprocess.Popen(
                [sys.executable, *self.words],
                cwd=self.path,
                env=environment | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    @contextlib.contextmanager
    def running(self) -> "Iterator[subprocess.Popen[str]]":
        """The stage; whatever is left of it at the end, because the block failed, is killed."""
        training = self.start()
        family: list[psutil.Process] = []
        try:
            yield training
        except BaseException:
            with contextlib.suppress(psutil.Error):
                family = psutil.Process(training.pid).children(recursive=True)
            raise
        finally:
            for process in [*family, training]:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            training.wait()

    def wait_for_checkpoint(
        self, training: "subprocess.Popen[str]", written: Callable[[], Any]
    ) -> None:
        """Return when it is written, however slow the machine; fail at once if the stage ends."""
        wait_until(lambda: written() or training.poll() is not None, 900)
        assert training.poll() is None, self.output

    def train(self, **variables: str) -> int:
        """Run the stage to its end; its exit code."""
        return self.start(**variables).wait(timeout=900)

    @property
    def output(self) -> str:
        """What the stage that ran last has printed so far."""
        return (self.path / "output.txt").read_text()

    @property
    def checkpoints(self) -> list[str]:
        """Their names, oldest first."""
        names = [path.stem for path in self._place.glob("epoch-*.h5")]
        return sorted(names, key=lambda name: [int(n) for n in re.findall(r"\d+", f"{name}-0")])

    @property
    def _place(self) -> Path:
        """Of a training at work or interrupted, or else of a finished one."""
        unfinished = self.path / f"data/unfinished/{RECIPE}/checkpoints"
        finished = self.path / f"data/training/{RECIPE}/checkpoints"
        return unfinished if unfinished.exists() else finished

    def variables(self) -> dict[str, np.ndarray]:
        """Networks and optimisers of the newest checkpoint."""
        path = self._place / f"{self.checkpoints[-1]}.h5"
        with h5py.File(path) as file:
            return {f"{part}/{key}": file[part][key][()] for part in file for key in file[part]}


def make_folder(
    path: Path, showers: int = 24, *, elastic: bool = False, **train: Any
) -> TrainingFolder:
    """Prepared showers and parameters; all folders with equal arguments have equal content."""
    prepared = path / "data/prepared"
    prepared.mkdir(parents=True)
    random = np.random.default_rng(7)
    for name, count in (("train", showers), ("validation", 6)):
        write_showers(prepared / f"{name}.h5", _showers(random, count), {})
    summary = {
        "image_shape": SHAPE,
        "showers": {"train": showers, "validation": 6},
        "energy_min_GeV": 10.0,
        "energy_max_GeV": 100.0,
        "sampling_fraction_fit": [0.02],
        "digest": "test",
    }
    (prepared / "summary.json").write_text(json.dumps(summary))
    params = yaml.safe_load(PARAMS.read_text())
    params["model"]["kernels"] = "plain"
    params["train"] |= QUICK | train
    params["recipes"] = ONE_FOR_ALL
    params["cluster"]["elastic"] = elastic
    (path / "params.yaml").write_text(yaml.safe_dump(params))
    return TrainingFolder(path)


def _showers(random: np.random.Generator, count: int) -> Showers:
    energy = random.uniform(10, 100, count).astype(np.float32)
    depth = np.exp(-0.5 * ((np.arange(9) - 4) / 2) ** 2)
    spread = np.exp(-np.abs(np.arange(9) - 4))
    mean = np.einsum("x,y,z->xyz", spread, spread, depth)
    noise = random.gamma(0.5, 2.0, (count, *SHAPE))
    cells = (0.02 * energy[:, None, None, None] * mean / mean.sum() * noise).astype(np.float32)
    cells[cells < 1e-4] = 0
    angle = np.full(count, np.pi / 2, np.float32)
    event_id = random.permutation(10**6)[:count].astype(np.int64)
    return Showers(cells, energy, angle, event_id, np.zeros(count, np.float32))


def stop(process: "subprocess.Popen[str]", number: signal.Signals) -> int:
    """Send a signal; the exit code that it leads to."""
    process.send_signal(number)
    return process.wait(timeout=180)


def workers_of(process: "subprocess.Popen[str]") -> dict[int, int]:
    """Process numbers of a running stage's workers, by rank."""
    found = {}
    for child in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            rank = child.environ().get("HOROVOD_RANK", child.environ().get("PMI_RANK"))
            if rank is not None and child.cmdline()[0] == sys.executable:
                found[int(rank)] = child.pid
    return found
