"""The study's own read-out: merged once, with a summary that later stages understand."""

import shutil
from pathlib import Path

import numpy as np

from heitler.data.hdf5 import read_showers
from heitler.data.summary import load_summary
from heitler.degradation.runs.worker import coarse_showers
from tests.training.conftest import shower_folder  # noqa: F401 - a fixture


def prepared(shower_folder: Path, folder: Path) -> Path:  # noqa: F811
    for name in ("train", "validation", "test"):
        shutil.copy2(shower_folder / "train.h5", folder / f"{name}.h5")
    shutil.copy2(shower_folder / "summary.json", folder / "summary.json")
    return folder


def test_merged_showers_keep_energies_ids_and_the_fit(shower_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    fine = prepared(shower_folder, tmp_path)
    folder = coarse_showers(fine, tmp_path / "study", (3, 3))
    summary = load_summary(folder / "summary.json")
    assert summary.image_shape == (3, 3, 3)
    assert (
        summary.sampling_fraction_fit == load_summary(fine / "summary.json").sampling_fraction_fit
    )
    before, after = read_showers(fine / "test.h5"), read_showers(folder / "test.h5")
    np.testing.assert_array_equal(after.event_id, before.event_id)
    np.testing.assert_allclose(
        after.cells_GeV.sum(axis=(1, 2, 3)), before.cells_GeV.sum(axis=(1, 2, 3)), rtol=1e-5
    )


def test_nothing_is_written_where_nothing_is_merged(tmp_path: Path) -> None:
    assert coarse_showers(tmp_path, tmp_path / "study", (1, 1)) == tmp_path
    assert not (tmp_path / "study").exists()


def test_merged_showers_are_made_once(shower_folder: Path, tmp_path: Path) -> None:  # noqa: F811
    fine = prepared(shower_folder, tmp_path)
    first = coarse_showers(fine, tmp_path / "study", (3, 1))
    changed = (first / "test.h5").stat().st_mtime_ns
    assert coarse_showers(fine, tmp_path / "study", (3, 1)) == first
    assert (first / "test.h5").stat().st_mtime_ns == changed
