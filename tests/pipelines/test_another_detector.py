"""The paper's aim: another detector by parameters alone, from Geant4 to the score card."""

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
import yaml

from heitler.cli.preset import load_preset
from heitler.config import PARAMS_FILE, merged

PIPELINES = Path(__file__).parents[2] / "pipelines"
RUN = """
import runpy, sys
_, recipe, *scripts = sys.argv
for script in scripts:
    sys.argv = [script, recipe]
    runpy.run_path(script, run_name="__main__")
"""
"""Several stages in one process: the libraries are imported once."""
TINY = {
    "detector": {
        "sections": [{"layers": 8, "absorber_thickness_mm": 11.2}],
        "cells_simulated": 11,
        "cells_kept": 7,
    },
    "simulate": {"showers": 32, "showers_per_shard": 16, "energy_max_GeV": 2.0},
    "train": {"workers": 1},
    "generate": {"timed_batch_sizes": [1], "timed_energy_bins": 1},
    "validate": {
        "bootstrap_replicas": 2,
        "floor_splits": 2,
        "slow_floor_splits": 1,
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lead and scintillator, with fewer cells, layers and showers."""
    folder = tmp_path_factory.mktemp("lead")
    parameters = yaml.safe_load(PARAMS_FILE.read_text())
    for changes in (load_preset("smoke"), load_preset("lead-scintillator"), TINY):
        parameters = merged(parameters, changes)
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters))
    environment = os.environ | {"CI": "true"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    for stages in (("tables", "simulate", "prepare", "train"), ("generate", "validate")):
        scripts = [str(PIPELINES / f"{stage}.py") for stage in stages]
        command = [sys.executable, "-c", RUN, "heitler", *scripts]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1500
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_geant4_shoots_at_lead_and_scintillator(project):
    origin = json.loads((project / "data/tables/origin.json").read_text())
    assert origin["elements"] == [1, 6, 82]
    with h5py.File(project / "data/showers/shard-00000.h5") as shard:
        assert shard["ECAL"].shape == (16, 7, 7, 8)
        fraction = shard["ECAL"][:].sum(axis=(1, 2, 3)) / shard["energy"][:]
    # 8 x 4 mm of plastic behind 11.2 mm of lead each: a few percent of the energy.
    assert 0.01 < fraction.mean() < 0.10


def test_a_generator_of_this_detector_is_trained_and_judged(project):
    with h5py.File(project / "data/generated/heitler/showers.h5") as generated:
        assert generated["ECAL"].shape[1:] == (7, 7, 8)
    card = json.loads((project / "reports/validate/heitler/card.json").read_text())
    assert {line["verdict"] for line in card} <= {"pass", "warn", "fail", "not applicable"}
    found = json.loads((project / "reports/validate/heitler/metrics.json").read_text())
    assert found["showers_geant4"] == found["showers_generated"] > 0
