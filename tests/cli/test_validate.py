"""`heitler validate` and `heitler export` on real files of every layout."""

import csv
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import showerdata
import typer

from heitler.cli.validate import EXIT_FAIL, Format, export, validate
from heitler.data.any_format import Wishes, inspect_showers, iterate_any
from heitler.data.checks import DataError
from heitler.data.hdf5 import read_showers, write_showers
from heitler.validation.compare import ComparisonError


@pytest.fixture(scope="module")
def files(shower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """generated.h5 with 50% too much energy, truth.h5, both of real showers."""
    folder = tmp_path_factory.mktemp("files")
    first, second = (read_showers(path) for path in sorted(shower_folder.glob("*.h5")))
    write_showers(folder / "truth.h5", second, {"geometry": {"cell_size_mm": 5.1}})
    first.cells_GeV[...] *= 1.5
    write_showers(folder / "generated.h5", first, {})
    return folder


def arguments(**changes):
    options = {"reference": None, "output": None, "shape": None, "threshold_MeV": 1e-3}
    options |= {"unit": None, "scale": None, "particle": None, "full": False}
    return options | {"params": Path("params.yaml"), "strict": False} | changes


def test_the_card_is_printed_and_written_and_strict_tells_a_failure(files, tmp_path, capsys):
    truth = files / "truth.h5"
    with pytest.raises(typer.Exit) as ended:
        validate(
            files / "generated.h5", truth,
            **arguments(reference=files / "generated.h5", output=tmp_path, strict=True),
        )  # fmt: skip
    assert ended.value.exit_code == EXIT_FAIL
    assert "Response, all energies" in capsys.readouterr().out
    card = json.loads((tmp_path / "card.json").read_text())
    assert card[0]["name"] == "response_ratio"
    page = (tmp_path / "index.html").read_text()
    assert page.count("<figure>") == 12
    assert "says nothing" in page  # 30 showers are too few for classifiers
    found = json.loads((tmp_path / "classifiers.json").read_text())
    assert found["n_each"] == 30
    assert {"auc_high", "auc_cells", "auc_cnn", "s_esum"} <= set(found)
    with (tmp_path / "classifiers.csv").open() as file:
        assert [row["classifier"] for row in csv.DictReader(file)] == ["high", "cells", "cnn"]
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_file_exported_to_calochallenge_reads_back_the_same(files, tmp_path):
    target = tmp_path / "a.hdf5"
    export(files / "truth.h5", target, Format.CALOCHALLENGE)
    with h5py.File(target) as file:
        assert file["incident_energies"].shape == (30, 1)
        assert file["showers"].shape == (30, 15625)
    [read], original = list(iterate_any(target)), read_showers(files / "truth.h5")
    np.testing.assert_allclose(read.cells_GeV, original.cells_GeV, rtol=1e-6)
    np.testing.assert_allclose(read.primary_energy_GeV, original.primary_energy_GeV, rtol=1e-6)
    with pytest.raises(DataError, match=r"exists\. Add --overwrite"):
        export(files / "truth.h5", target, Format.CALOCHALLENGE)


def test_negative_cells_and_files_of_another_layout_are_refused(files, tmp_path):
    path = tmp_path / "negative.h5"
    shutil.copy(files / "truth.h5", path)
    with h5py.File(path, "r+") as file:
        file["ECAL"][3, 0, 0, 0] = -1.0
    with pytest.raises(DataError, match=r"row 3, cell \(0, 0, 0\) is negative: -1 GeV"):
        list(iterate_any(path))
    with h5py.File(path, "r+") as file:
        file["energy"].resize(29, axis=0)
    with pytest.raises(DataError) as refused:
        export(path, tmp_path / "a.hdf5", Format.CALOCHALLENGE)
    assert "dataset energy has 29 rows, but there are 30 showers" in str(refused.value)
    assert "cells_kept" not in str(refused.value)


def test_showerdata_reads_what_was_exported_to_it(files, tmp_path):
    target = tmp_path / "points.h5"
    export(files / "truth.h5", target, Format.SHOWERDATA)
    clouds, original = showerdata.load(target), read_showers(files / "truth.h5")
    np.testing.assert_allclose(
        clouds.points[:, :, 3].sum(axis=1), original.cells_GeV.sum(axis=(1, 2, 3)), rtol=1e-5
    )
    x, y, z, energy = clouds.points[3, 7]
    assert original.cells_GeV[3, int(x), int(y), int(z)] == energy
    np.testing.assert_allclose(clouds.directions, [[0, 0, 1]] * 30, atol=1e-6)


def test_cerns_variable_angle_layout_is_recognised(files, tmp_path):
    original = read_showers(files / "truth.h5")
    with h5py.File(tmp_path / "cern.h5", "w") as file:
        file["ECAL"] = 50 * original.cells_GeV
        file["energy"], file["theta"] = original.primary_energy_GeV, original.theta_rad
    [read] = list(iterate_any(tmp_path / "cern.h5"))
    np.testing.assert_allclose(read.cells_GeV, original.cells_GeV, rtol=1e-6)
    [note] = inspect_showers(tmp_path / "cern.h5", Wishes(particle="e-")).notes[:1]
    assert "CERN's variable-angle images" in note
    assert "cells divided by 50 (told by the numbers; undivided they would hold" in note


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ({"target": np.ones((29, 2))}, "dataset target has 29 rows, but there are 30 showers"),
        ({"target": np.full((30, 2), 11), "theta": np.ones(5)}, "dataset theta has 5 rows"),
        ({"target": np.ones(30)}, "too many or too few numbers per shower"),
        ({"target": np.ones((30, 2)), "ECAL": np.ones((30, 125))}, r"not \(showers, X, Y, Z\)"),
        ({"showers": np.ones((30, 125)), "incident_energies": np.ones(29)}, "has 29 rows, but"),
    ],
)
def test_datasets_that_do_not_fit_are_named(tmp_path, datasets, message):
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        for name, rows in ({"ECAL": np.ones((30, 5, 5, 5))} | datasets).items():
            file[name] = rows
    with pytest.raises(DataError, match=message):
        list(iterate_any(tmp_path / "odd.h5", Wishes(shape=(5, 5, 5))))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (None, "does not say how they lie. Add --shape"),
        ("3,3,3", "27 cells, but a shower 50 voxels"),
    ],
)
def test_a_calochallenge_file_needs_its_shape(tmp_path, files, shape, message):
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["incident_energies"], file["showers"] = np.ones((30, 1)), np.ones((30, 50))
    with pytest.raises(DataError, match=message):
        validate(tmp_path / "other.hdf5", files / "truth.h5", **arguments(shape=shape))


def test_showers_of_another_detector_are_refused(tmp_path, files):
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["incident_energies"] = np.full((30, 1), 1000.0)
        file["showers"] = np.ones((30, 50))
    with pytest.raises(ComparisonError, match="Compare showers of one detector"):
        validate(tmp_path / "other.hdf5", files / "truth.h5", **arguments(shape="5,5,2"))
