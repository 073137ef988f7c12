"""Shower files that were changed, lost or made to do harm are refused before they are used."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from heitler.data.checks import DataError, check_shower_file
from heitler.data.hdf5 import Showers, write_showers
from heitler.data.shard_list import find_shards, write_shard_list

SHAPE = (3, 3, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three listed shards of six showers."""
    random = np.random.default_rng(1)
    for index in range(3):
        energy = random.uniform(10, 100, 6).astype(np.float32)
        cells = random.gamma(2, 1, (6, *SHAPE)).astype(np.float32)
        cells *= (0.02 * energy / cells.sum(axis=(1, 2, 3)))[:, None, None, None]
        angle, ids = np.full(6, 1.5, np.float32), np.arange(6) + 6 * index
        showers = Showers(cells, energy, angle, ids, np.zeros(6, np.float32))
        write_showers(tmp_path / f"shard-{index:05d}.h5", showers, {})
    write_shard_list(tmp_path)
    return tmp_path


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        check_shower_file(path, SHAPE)
    return str(caught.value)


def test_a_plausible_value_changed_after_writing_is_noticed(folder: Path) -> None:
    path = folder / "shard-00001.h5"
    with h5py.File(path, "r+") as file:
        file["theta"][3] -= 0.01
    assert "does not have the checksum that it was written with" in complaint(path)


def test_a_lost_foreign_or_exchanged_shard_is_named(folder: Path) -> None:
    assert len(find_shards(folder)) == 3
    lost, foreign = folder / "shard-00001.h5", folder / "shard-00009.h5"
    lost.rename(foreign)
    (folder / "shard-00002.h5").write_bytes((folder / "shard-00000.h5").read_bytes())
    with pytest.raises(DataError) as caught:
        find_shards(folder)
    lines = str(caught.value).splitlines()
    assert [line.split(" (says")[0] for line in lines] == [
        f"{lost} is missing",
        f"{foreign} is not of this sample",
        f"{folder / 'shard-00002.h5'} has other bytes than were written",
    ]


def test_a_file_in_another_unit_is_refused_by_its_own_words(folder: Path) -> None:
    path = folder / "shard-00000.h5"
    with h5py.File(path, "r+") as file:
        file["ECAL"].attrs["unit"] = "MeV"
    assert "dataset ECAL is in MeV, not in GeV" in complaint(path)


def test_files_that_reach_out_or_blow_up_are_not_read(tmp_path: Path) -> None:
    """Links and storage elsewhere, objects, compression plug-ins, memory bombs."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(os.urandom(64))
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "energy", (4,))
    makers = {
        "is a link to elsewhere": lambda f: f.update(ECAL=h5py.ExternalLink("o.h5", "/energy")),
        "ECAL is a link": lambda f: f.update(ECAL=h5py.SoftLink("/theta")),
        "keeps its values in another file": lambda f: f.create_dataset(
            "ECAL", (4,), "f4", external=[(str(secret), 0, 16)]
        ),
        "ECAL keeps its values in another": lambda f: f.create_virtual_dataset("ECAL", layout),
        "holds object, not numbers": lambda f: f.create_dataset(
            "ECAL", data=["a", "b"], dtype=h5py.string_dtype()
        ),
        "in 0 stored bytes": lambda f: f.create_dataset("ECAL", (10**7, 50, 50, 25), chunks=True),
        "has chunks of 512 MiB": lambda f: f.create_dataset(
            "ECAL", (2**27,), chunks=(2**27,), compression="gzip"
        ),
    }
    for said, make in makers.items():
        path = tmp_path / "harmful.h5"
        with h5py.File(path, "w") as file:
            make(file)
        message = complaint(path)
        assert said in message
        assert str(path) in message
