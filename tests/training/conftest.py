"""Tiny trainings on real Horovod workers, in double precision unless they say otherwise."""

import dataclasses
import json
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
from tests.conftest import ONE_FOR_ALL

PROGRAM = Path(__file__).with_name("train_program.py")
SHAPE = (9, 9, 9)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one training left behind."""

    exit_code: int
    output: str
    history: list[dict[str, float]]
    variables: dict[str, np.ndarray]
    errors: list[str]
    """Why each worker stopped, if it did."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One training: what it changes in the section `train`, and what happens to it."""

    changes: dict[str, Any]
    precision: str = "float64"
    defect: str = ""
    """Planted by `train_program.py`."""
    recipe: str = "paper"
    kill_after_epoch: int = 0


TrainAll = Callable[..., dict[str, Outcome]]


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


@pytest.fixture(scope="module")  # modules may give their cases equal names
def train_all(shower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainAll:
    """Train several cases, one after another, in the same real Horovod processes."""
    top = tmp_path_factory.mktemp("trainings")

    def run(workers: int, **cases: Case) -> dict[str, Outcome]:
        folders = {name: write_case(top / name, workers, case) for name, case in cases.items()}
        launcher = ["-m", "heitler.cluster.horovodrun", "--gloo", "--disable-cache"]
        launcher += ["-np", str(workers)]
        done = subprocess.run(
            [
                sys.executable,
                *launcher,
                sys.executable,
                str(PROGRAM),
                str(shower_folder),
                *folders.values(),
            ],
            capture_output=True,
            text=True,
            timeout=1500,
        )
        output = done.stdout + done.stderr
        return {name: outcome_of(done.returncode, output, folders[name]) for name in cases}

    return run


def write_case(folder: Path, workers: int, case: Case) -> str:
    """Put what `train_program.py` needs into a folder; return its name."""
    folder.mkdir(exist_ok=True)
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["model"]["kernels"] = "plain"  # traced sooner; test_fast_cycle compares the two
    params["model"]["recipe"] = case.recipe
    params["recipes"] = ONE_FOR_ALL
    params["train"] |= {"workers": workers, "global_batch_size": 8, "epochs": 1} | case.changes
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "case.json").write_text(json.dumps(dataclasses.asdict(case)))
    return str(folder)


def outcome_of(exit_code: int, output: str, folder: str) -> Outcome:
    """What a training left in its folder."""
    errors = [path.read_text() for path in sorted(Path(folder).glob("error-*.txt"))]
    return Outcome(exit_code, output, *_newest_checkpoint(Path(folder) / "checkpoints"), errors)


def _newest_checkpoint(folder: Path) -> tuple[list[dict[str, float]], dict[str, np.ndarray]]:
    paths = sorted(folder.glob("epoch-*.h5"))
    if not paths:
        return [], {}
    with h5py.File(paths[-1]) as file:
        variables = {f"{part}/{key}": file[part][key][()] for part in file for key in file[part]}
        return json.loads(file.attrs["history"]), variables
