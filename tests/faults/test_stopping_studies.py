"""The stages `evolve` and `degradation` go on from what a killed one has done, whatever DVC did."""

import dataclasses
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tests.faults.training_folder import STAGE, TrainingFolder, make_folder, stop

EVOLVE = {
    "strategies": ["one-plus-lambda"],
    "seeds": [1, 2],
    "batch_size": 16,
    "cost_epochs": 3000,
    "energy_bins": 2,
}
DEGRADATION = {
    "run": ["one-worker", "workers-256"],
    "arms": {"workers-256": {"train": {"global_batch_size": 8, "virtual_workers": 4}}},
    "processes": 1,
    "energy_bins": 2,
}


def study_folder(path: Path, stage: str, settings: Mapping[str, Any]) -> TrainingFolder:
    folder = make_folder(path, showers=24)
    shutil.copy(path / "data/prepared/train.h5", path / "data/prepared/test.h5")
    params = yaml.safe_load((path / "params.yaml").read_text())
    params[stage] |= settings
    (path / "params.yaml").write_text(yaml.safe_dump(params))
    return dataclasses.replace(folder, words=(str(STAGE.with_name(f"{stage}.py")),))


def killed_after(folder: TrainingFolder, name: str, output: str) -> Path:
    """The first such file of a stage that is killed once it is there; DVC empties the output."""
    with folder.running() as stage:
        folder.wait_for_checkpoint(stage, lambda: list(folder.path.rglob(name)))
        stop(stage, signal.SIGKILL)
    shutil.rmtree(folder.path / output, ignore_errors=True)
    (folder.path / output).mkdir(parents=True)
    (folder.path / output / "as dvc.lock knows it").touch()
    [found] = folder.path.rglob(name)
    return found


def test_an_evolution_does_not_repeat_the_runs_that_had_ended(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, "evolve", EVOLVE)
    before = np.load(killed_after(folder, "one-plus-lambda-1.npz", "data/evolution"))
    assert folder.train() == 0, folder.output
    after = np.load(tmp_path / "data/evolution/one-plus-lambda-1.npz")
    assert after["seconds"] == before["seconds"]
    assert (tmp_path / "data/evolution/rmsprop-2.descent.npz").is_file()
    assert not (tmp_path / "data/unfinished/evolution").exists()


def test_a_large_batch_study_does_not_repeat_the_trainings_that_had_ended(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, "degradation", DEGRADATION)
    record = killed_after(folder, "record.npz", "data/degradation")
    written = record.stat().st_mtime_ns
    assert folder.train() == 0, folder.output
    records = sorted((tmp_path / "data/degradation").glob("*/record.npz"))
    assert len(records) == 2
    [same] = [path for path in records if path.parent.name == record.parent.name]
    assert same.stat().st_mtime_ns == written
    assert not (tmp_path / "data/unfinished/degradation").exists()
