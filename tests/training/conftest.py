"""A tiny training that runs real Horovod workers in double precision."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

from heitler.data.hdf5 import Showers, write_showers

PROGRAM = Path(__file__).with_name("train_program.py")
SHAPE = (9, 9, 9)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one training left behind."""

    exit_code: int
    output: str
    history: list[dict[str, float]]
    variables: dict[str, np.ndarray]


Train = Callable[..., Outcome]


@pytest.fixture(scope="session")
def shower_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """19 showers: not a multiple of the batch, so that uneven groups are exercised."""
    folder = tmp_path_factory.mktemp("showers")
    random = np.random.default_rng(7)
    count = 19
    energy = random.uniform(10, 100, count).astype(np.float32)
    depth = np.exp(-0.5 * ((np.arange(9) - 4) / 2) ** 2)
    spread = np.exp(-np.abs(np.arange(9) - 4))
    mean = np.einsum("x,y,z->xyz", spread, spread, depth)
    noise = random.gamma(0.5, 2.0, (count, *SHAPE))
    cells = (0.02 * energy[:, None, None, None] * mean / mean.sum() * noise).astype(np.float32)
    cells[cells < 1e-4] = 0
    angle = np.full(count, np.pi / 2, np.float32)
    event_id = 100 + np.arange(count)
    showers = Showers(cells, energy, angle, event_id, np.zeros(count, np.float32))
    write_showers(folder / "train.h5", showers, {})
    summary = {
        "image_shape": SHAPE,
        "showers": {"train": count},
        "energy_min_GeV": 10.0,
        "energy_max_GeV": 100.0,
        "sampling_fraction_fit": [0.02],
        "digest": "test",
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


@pytest.fixture(scope="session")
def train(shower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Train in a named folder with changed `train` parameters; real Horovod processes."""
    tmp_path = tmp_path_factory.mktemp("trainings")

    def run(name: str, kill_after_epoch: int = 0, **changes: Any) -> Outcome:
        params = yaml.safe_load(Path("params.yaml").read_text())
        params["model"]["kernels"] = "plain"  # traced sooner; test_fast_cycle compares the two
        params["train"] |= {"global_batch_size": 8, "epochs": 1} | changes
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
        keras_home = tmp_path / "keras"
        keras_home.mkdir(exist_ok=True)
        (keras_home / "keras.json").write_text('{"floatx": "float64", "backend": "tensorflow"}')
        workers = str(params["train"]["workers"])
        horovodrun = [sys.executable, "-m", "horovod.runner.launch", "--gloo", "-np", workers]
        program = [sys.executable, str(PROGRAM), str(shower_folder), str(tmp_path / "params.yaml")]
        done = subprocess.run(
            [*horovodrun, *program, str(tmp_path / name), str(kill_after_epoch)],
            capture_output=True,
            text=True,
            env=os.environ | {"KERAS_HOME": str(keras_home)},
            timeout=300,
        )
        output = done.stdout + done.stderr
        return Outcome(done.returncode, output, *_newest_checkpoint(tmp_path / name))

    return run


def _newest_checkpoint(folder: Path) -> tuple[list[dict[str, float]], dict[str, np.ndarray]]:
    paths = sorted(folder.glob("epoch-*.h5"))
    if not paths:
        return [], {}
    with h5py.File(paths[-1]) as file:
        variables = {f"{part}/{key}": file[part][key][()] for part in file for key in file[part]}
        return json.loads(file.attrs["history"]), variables
