"""Real trainings of a tiny study: what their records hold, and that none is done twice."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from heitler.data.hdf5 import read_showers
from heitler.degradation.curves import judged_layers, judged_response
from heitler.degradation.runs.record import Record, claim, read_record, write_record
from tests.training.conftest import shower_folder  # noqa: F401 - a fixture

PROGRAM = Path(__file__).with_name("study_program.py")
MANY = {"global_batch_size": 8, "virtual_workers": 4}


def run_study(folder: Path) -> tuple[str, dict[str, Path]]:
    """Output, and the folder of every arm's record."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder)], capture_output=True, text=True, timeout=900
    )
    assert not done.returncode, done.stdout + done.stderr
    words = [line.split() for line in done.stdout.splitlines() if line.startswith("plan ")]
    return done.stdout, {arm: folder / "study" / place for _, arm, _, place in words}


@pytest.fixture(scope="module")
def study(shower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Two arms on 19 showers, of which the same ones are read for judging."""
    folder = tmp_path_factory.mktemp("study")
    for name in ("train", "validation", "test"):
        shutil.copy2(shower_folder / "train.h5", folder / f"{name}.h5")
    shutil.copy2(shower_folder / "summary.json", folder / "summary.json")
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["degradation"] |= {
        "run": ["workers-256", "recalibrated", "missing-shards"],
        "energy_bins": 2,
    }
    params["degradation"]["arms"] = {"workers-256": {"train": MANY}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return folder


def test_a_study_is_trained_once_and_its_records_say_what_was_seen(study: Path) -> None:
    output, places = run_study(study)
    assert output.count("epoch 1/1") >= 2
    records = {arm: read_record(place) for arm, place in places.items()}
    test = read_showers(study / "test.h5")
    for record in records.values():
        assert record
        for statistics in ("moving", "batch", "recalibrated"):
            assert record.ecal_sum_GeV[statistics].shape == (len(test),)
            assert record.longitudinal[statistics].shape == (9,)
        assert len(record.history) == 1
    many, same = records["workers-256"], records["missing-shards"]
    assert many
    assert same
    assert many.facts["unique_events"] == 19
    assert same.facts["unique_events"] == 4  # 2 cycles of 8 events: the same 2 for 4 workers
    assert many.facts["updates"] == same.facts["updates"] == 8
    assert places["recalibrated"] == places["workers-256"]
    moving, fresh = (many.ecal_sum_GeV[name] for name in ("moving", "recalibrated"))
    assert not np.allclose(moving, fresh, rtol=1e-3)
    assert not list(study.glob("study/*/checkpoints"))

    before = {place: (place / "record.npz").stat().st_mtime_ns for place in places.values()}
    (places["missing-shards"] / "record.npz").unlink()
    output, _ = run_study(study)
    assert (places["missing-shards"] / "record.npz").is_file()
    kept = places["workers-256"]
    assert (kept / "record.npz").stat().st_mtime_ns == before[kept]
    again = read_record(places["missing-shards"])
    assert again
    np.testing.assert_allclose(  # two runs of TensorFlow's threads add in another order
        again.ecal_sum_GeV["moving"], same.ecal_sum_GeV["moving"], rtol=1e-4
    )


def test_a_coarse_study_follows_every_epoch_and_an_arm_begins_with_anothers_networks(
    study: Path, tmp_path: Path
) -> None:
    shutil.copytree(study, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("study"))
    params = yaml.safe_load((tmp_path / "params.yaml").read_text())
    params["degradation"] |= {
        "run": ["begun-small"],
        "merge_cells": [1, 3],
        "judged_epochs": 0.5,
    }
    params["degradation"]["arms"] = {
        "first-epochs": {"train": {"epochs": 2, "global_batch_size": 8}},
        "workers-256": {"train": MANY | {"epochs": 3}},
    }
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    output, places = run_study(tmp_path)
    assert "first-epochs, seed 1" in output
    record = read_record(places["begun-small"])
    assert record
    assert record.facts["cycles"] == 2 * 2 + 3 * 2
    assert record.longitudinal["moving"].shape == (3,)
    assert len(record.history) == 3
    response, _ = judged_response(record.history, 0.5)
    layers = judged_layers(record.history, 0.5)
    assert response.shape == (2,)
    assert layers.shape == (3,)
    assert np.isfinite(response).all()
    assert not list(places["begun-small"].glob("*/*.h5"))


def test_a_record_comes_back_and_a_torn_one_counts_as_none(tmp_path: Path) -> None:
    record = Record(
        {"moving": np.arange(3, dtype=np.float32)},
        {"moving": np.ones(2, np.float32)},
        [{"epoch": 1.0}],
        {"updates": 8.0, "stopped": "why"},
    )
    write_record(tmp_path, record)
    found = read_record(tmp_path)
    assert found
    assert (found.history, found.facts, found.stopped) == (record.history, record.facts, "why")
    np.testing.assert_array_equal(found.ecal_sum_GeV["moving"], record.ecal_sum_GeV["moving"])
    path = tmp_path / "record.npz"
    path.write_bytes(path.read_bytes()[:200])
    assert read_record(tmp_path) is None
    assert read_record(tmp_path / "nowhere") is None


def test_a_training_is_claimed_by_one_process_at_a_time(tmp_path: Path) -> None:
    with claim(tmp_path) as mine:
        assert mine
        with claim(tmp_path) as also:
            assert not also
    with claim(tmp_path) as mine:
        assert mine
