"""What may be good is not begun anew: only a torn file is."""

import errno
from pathlib import Path

import numpy as np
import pytest

from heitler.base.errors import HeitlerError
from heitler.degradation.runs.record import RECORD, Record, read_record, write_record
from heitler.evolution.descent import Descent
from heitler.evolution.journal import Journal
from heitler.simulation.environment import SimulationError
from heitler.simulation.shards import Shard
from tests.refusals import READ, in_child, refuse


def a_journal(folder: Path) -> Path:
    path = folder / "journal.npz"
    Journal("print", [np.ones(3, np.float32)], 1.0).save(path)
    return path


def a_record(folder: Path) -> Path:
    write_record(folder, Record({}, {}, [], {}))
    return folder / RECORD


READERS = {
    "journal": (a_journal, lambda path: Journal.load(path, "print").losses),
    "descent": (a_journal, lambda path: Descent.load(path, "other").losses),
    "record": (a_record, lambda path: read_record(path.parent)),
}


@pytest.mark.parametrize("name", READERS)
def test_a_disk_that_fails_is_no_reason_to_begin_anew(name, tmp_path):
    make, load = READERS[name]
    path = make(tmp_path)
    said = in_child(lambda: refuse(READ, errno.EIO), lambda: load(path))
    assert said.startswith(f"HeitlerError: {path}: its disk or file server gave an error")
    assert "nothing is lost" in said


@pytest.mark.parametrize("name", READERS)
def test_what_is_torn_is_begun_anew(name, tmp_path):
    make, load = READERS[name]
    path = make(tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    assert not load(path)


def test_a_shard_that_cannot_be_read_is_kept_and_named(tmp_path):
    path = tmp_path / "shard-00000.h5"
    path.write_bytes(bytes(2000))
    shard = Shard(0, 1, path, "print")
    assert not shard.is_finished()
    said = in_child(lambda: refuse(READ, errno.ESTALE), shard.is_finished)
    assert said.startswith(f"{SimulationError.__name__}: {path}: its file server has lost it")
    assert issubclass(SimulationError, HeitlerError)
