import dataclasses
import os

import h5py
import numpy as np
import pytest

from heitler.data.checks import DataError, check_shower_file
from heitler.data.hdf5 import concatenate, write_showers

SHAPE = (25, 25, 25)


@pytest.fixture
def file(showers, tmp_path):
    """A good file of 20 showers."""
    path = tmp_path / "shard-00000.h5"
    write_showers(path, showers[:20], {})
    return path


def change(path, dataset, index, value):
    with h5py.File(path, "r+") as opened:
        opened[dataset][index] = value


def complaint(path, shape=SHAPE):
    with pytest.raises(DataError) as caught:
        check_shower_file(path, shape)
    return str(caught.value)


def test_good_showers_pass(file):
    check_shower_file(file, SHAPE)


def test_a_missing_file_is_named(tmp_path):
    assert "shard-00009.h5: no such file" in complaint(tmp_path / "shard-00009.h5")


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_file_is_called_truncated(file, kept):
    os.truncate(file, int(file.stat().st_size * kept))
    message = complaint(file)
    assert f"{file}: is truncated: its end is missing. Move it" in message
    assert "dvc repro simulate" in message


def test_a_file_that_is_not_hdf5_is_refused(file):
    file.write_text("not HDF5")
    assert f"{file}: is not HDF5. Move it" in complaint(file)


def test_damaged_bytes_are_found_with_their_row(file):
    with h5py.File(file, "r") as opened:
        place = opened["ECAL"].id.get_chunk_info(7)
    row, start = place.chunk_offset[0], place.byte_offset
    content = bytearray(file.read_bytes())
    content[start : start + place.size] = bytes(place.size)
    file.write_bytes(content)
    assert f"dataset ECAL, row {row}: is damaged: its bytes are not those" in complaint(file)


def test_a_missing_dataset_is_named_with_those_present(file):
    with h5py.File(file, "r+") as opened:
        del opened["theta"]
    assert "dataset theta is missing (present: ECAL, cpu_seconds, energy" in complaint(file)


def test_images_of_another_shape_are_refused(file):
    message = complaint(file, (51, 51, 25))
    assert "dataset ECAL has shape (20, 25, 25, 25), not (20, 51, 51, 25)" in message


def test_columns_of_another_length_are_refused(file):
    with h5py.File(file, "r+") as opened:
        opened["energy"].resize(19, axis=0)
    assert "dataset energy has shape (19,), not (20,)" in complaint(file)


def test_a_file_without_showers_is_refused(showers, tmp_path):
    write_showers(tmp_path / "empty.h5", showers[:0], {})
    assert "holds no showers" in complaint(tmp_path / "empty.h5")


@pytest.mark.parametrize(
    ("dataset", "index", "value", "said"),
    [
        ("ECAL", (4, 3, 2, 1), np.nan, "dataset ECAL, row 4, cell (3, 2, 1) is not a number: nan"),
        ("ECAL", (4, 3, 2, 1), np.inf, "dataset ECAL, row 4, cell (3, 2, 1) is not a number: inf"),
        (
            "ECAL",
            (5, 3, 2, 1),
            -1e-6,
            "dataset ECAL, row 5, cell (3, 2, 1) is negative: -1e-06 GeV",
        ),
        ("energy", 7, np.nan, "dataset energy, row 7 is not a number: nan"),
        ("energy", 8, 0.0, "dataset energy, row 8 is not positive: 0 GeV"),
        ("theta", 9, 90.0, "dataset theta, row 9 is not an angle between 0 and pi rad: 90"),
        ("event_id", 10, 3, "dataset event_id, row 10 repeats an earlier row"),
        ("target", (11, 0), 211.0, "dataset target, row 11 has no known particle code"),
        ("target", (12, 0), 22.0, "dataset target, row 12 has another particle than row 0"),
        ("target", (13, 1), 55.0, "dataset target, row 13 has another primary energy than"),
    ],
)
def test_a_faulty_value_is_found_with_dataset_and_row(file, dataset, index, value, said):
    change(file, dataset, index, value)
    message = complaint(file)
    assert said in message
    assert str(file) in message


def test_a_fault_far_into_a_file_is_found(showers, tmp_path):
    many = [dataclasses.replace(showers, event_id=showers.event_id + 60 * k) for k in range(3)]
    path = tmp_path / "long.h5"
    write_showers(path, concatenate(many), {})
    change(path, "ECAL", (170, 0, 0, 0), -1.0)
    assert "row 170" in complaint(path)


@pytest.mark.parametrize("factor", [50.0, 1000.0, 0.001])
def test_cell_energies_in_another_unit_are_refused(showers, tmp_path, factor):
    path = tmp_path / "unit.h5"
    cells = showers.cells_GeV * np.float32(factor)
    write_showers(path, dataclasses.replace(showers, cells_GeV=cells), {})
    assert "Both must be in GeV" in complaint(path)
