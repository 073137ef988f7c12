"""Real DVC and the real stages `inputs` and `simulate`, on showers that are changed on the way."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from heitler.data.hdf5 import Showers, read_showers
from tests.data.test_cern import SHAPE, write_fixed_angle

PIPELINES = Path("pipelines").resolve()
PIPELINE: dict[str, Any] = {
    "inputs": {"cmd": "", "always_changed": True, "outs": ["data/inputs"]},
    "simulate": {
        "cmd": "",
        "deps": ["data/inputs/imported.json"],
        "params": ["simulate"],
        "outs": [{"data/showers": {"persist": True}}],
    },
}
COUNT = 8


def write_source(path: Path, seed: int) -> Showers:
    random = np.random.default_rng(seed)
    energy = random.uniform(10, 100, COUNT).astype(np.float32)
    cells = random.gamma(0.5, 1e-4, (COUNT, *SHAPE)).astype(np.float32)
    ones = np.ones(COUNT, np.float32)
    showers = Showers(cells, energy, ones * np.pi / 2, np.arange(COUNT), ones)
    write_fixed_angle(path, showers)
    return showers


def repro(folder: Path) -> str:
    command = [sys.executable, "-m", "dvc", "repro"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_other_showers_behind_the_same_path_are_imported_again_and_only_then(
    tmp_path: Path,
) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["simulate"] |= {"import_from": "showers.h5", "showers": 100}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    for stage, entry in PIPELINE.items():
        entry["cmd"] = f"{sys.executable} {PIPELINES / stage}.py"
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": PIPELINE}))
    init = [sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"]
    subprocess.run(init, cwd=tmp_path, check=True)
    for seed in (1, 2):
        wanted = write_source(tmp_path / "showers.h5", seed)
        assert "Running stage 'simulate'" in repro(tmp_path)
        [shard] = (tmp_path / "data/showers").glob("*.h5")
        np.testing.assert_array_equal(read_showers(shard).cells_GeV, wanted.cells_GeV)
        assert "Stage 'simulate' didn't change" in repro(tmp_path)
    assert len(list((tmp_path / "data/set-aside").glob("*/shard-*.h5"))) == 1
