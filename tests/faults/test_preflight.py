"""Everything that would stop a training is listed at once, before any worker starts."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
import yaml

from heitler.config import load_config
from heitler.doctor.preflight.machine import available_memory_B, no_memory, no_room, not_writable
from heitler.doctor.preflight.stages import training_problems
from tests.faults.training_folder import PARAMS, STAGE, make_folder


def problems(folder: Path) -> list[str]:
    config = load_config(folder / "params.yaml")
    return training_problems(config, folder / "data/prepared", (folder / "data/training",))


def test_a_sound_folder_has_no_problems(tmp_path: Path) -> None:
    assert problems(make_folder(tmp_path).path) == []


def test_all_problems_are_listed_at_once_and_nothing_is_started(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, workers=1, global_batch_size=64).path
    prepared = folder / "data/prepared"
    (prepared / "validation.h5").unlink()
    with h5py.File(prepared / "train.h5", "r+") as file:
        file["energy"][1] += 0.5
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["cluster"]["threads_per_worker"] = 10**6
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    (folder / "reports").write_text("a file where a folder should be")
    done = subprocess.run(
        [sys.executable, STAGE, "paper"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 1
    first, *listed = done.stderr.splitlines()
    assert first == "Error: train@paper is not started, for 5 problems:"
    for said in (
        "data/prepared/train.h5: its content does not have the checksum",
        "data/prepared/validation.h5: no such file. Make it again: dvc repro --force prepare",
        "train.global_batch_size is 64, but the training set has only 24 showers",
        "cluster.threads_per_worker is 1000000, but this machine has",
        "reports is a file, not a folder",
    ):
        assert [line for line in listed if said in line], (said, listed)
    assert not (folder / "data/training/paper").exists()


def test_too_little_room_memory_or_right_is_said_with_numbers(tmp_path: Path) -> None:
    [room] = no_room(tmp_path / "not/yet/there", 1e18, "showers")
    assert "need about 953674316406 MiB, but" in room
    [memory] = no_memory(1e18, "2 workers", "Lower train.workers.")
    assert memory.startswith("Memory: 2 workers need about")
    assert memory.endswith("available. Lower train.workers.")
    assert list(no_memory(1, "2 workers", "")) == []
    if os.geteuid():  # root may write everywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        assert list(not_writable([tmp_path / "locked/new"]))


def test_more_showers_than_the_disk_holds_are_refused_before_the_first(tmp_path: Path) -> None:
    params = yaml.safe_load(PARAMS.read_text())
    params["simulate"]["showers"] = 10**9
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    stage = STAGE.with_name("simulate.py")
    done = subprocess.run([sys.executable, stage], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "data/showers: 1000000000 showers need about " in done.stderr
    assert done.stderr.rstrip().endswith("Make room, or put the project on a larger disk.")
    assert not list(tmp_path.rglob("*.h5"))


def test_a_containers_memory_counts(tmp_path: Path) -> None:
    """Limit minus what is used, where the cache of files can be given back."""
    machine = available_memory_B(tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory_B(tmp_path) == pytest.approx(machine, rel=0.2)
    (tmp_path / "memory.max").write_text("50000000\n")
    (tmp_path / "memory.current").write_text("30000000\n")
    (tmp_path / "memory.stat").write_text("anon 10000000\ninactive_file 15000000\n")
    assert available_memory_B(tmp_path) == 35_000_000


def test_a_batch_that_memory_cannot_hold_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, showers=6).path
    params = yaml.safe_load(PARAMS.read_text())
    params["train"] |= {"global_batch_size": 2**22}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    assert any(said.startswith("Memory: 2 workers") for said in problems(folder))
