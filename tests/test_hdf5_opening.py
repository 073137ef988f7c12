"""A file that cannot be opened: the cause is the true one, and only proven damage is made again."""

import contextlib
import errno
import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from heitler.base.causes import ENOTSUPP
from heitler.data.checks import REMAKE, DataError, damage_reported, open_hdf5
from heitler.data.hdf5 import read_showers, write_showers
from tests.refusals import FLOCK, PREAD, become_nobody, in_child, refuse
from tests.validation.conftest import make_showers

DESTROYS = ("delete", "remove", "make it again", "move it", "fetch")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shard-00000.h5"
    write_showers(path, make_showers(3, 1), {})
    return path


def complaint(path: Path) -> str:
    """What is said of the file, or nothing if it can be read."""
    try:
        with open_hdf5(path) as opened, damage_reported(path, REMAKE):
            opened["ECAL"][:]
    except DataError as error:
        return str(error)
    return ""


def harmless(message: str) -> bool:
    return not any(word in message.lower() for word in DESTROYS)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, ENOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_read_and_written_all_the_same(number, file, tmp_path):
    def read_and_write() -> str:
        write_showers(tmp_path / "other.h5", read_showers(file), {})
        return complaint(file) + complaint(tmp_path / "other.h5")

    assert in_child(lambda: refuse(FLOCK, number), read_and_write) == ""


def test_a_file_without_the_right_to_read_is_not_called_bad(file):
    file.chmod(0o000)
    file.parent.chmod(0o755)
    for folder in file.parents[1:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    message = in_child(become_nobody, lambda: complaint(file))
    assert f"{file}: you may not use it" in message
    assert "ls -l" in message
    assert harmless(message)


def test_too_many_open_files_are_told_from_a_bad_one(file):
    def take_all() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        with contextlib.suppress(OSError):
            while True:
                os.open(os.devnull, os.O_RDONLY)

    message = in_child(take_all, lambda: complaint(file))
    assert "too many files open" in message
    assert "ulimit -n" in message
    assert harmless(message)


def test_a_disk_that_gives_an_error_is_told_from_a_bad_file(file):
    with open_hdf5(file) as opened:  # opened before its disk begins to fail
        cells = opened["ECAL"]

        def read() -> str:
            try:
                with damage_reported(file, REMAKE):
                    cells[:]
            except DataError as error:
                return str(error)
            return ""

        message = in_child(lambda: refuse(PREAD, errno.EIO), read)
    assert "its disk or file server gave an error" in message
    assert "dmesg" in message
    assert harmless(message)


def test_a_file_that_another_program_writes_is_waited_for(file):
    program = f"import h5py, sys; f = h5py.File({str(file)!r}, 'r+'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        message = complaint(file)
        writer.communicate(b"\n")
    assert "another program is writing it" in message
    assert harmless(message)


def test_a_folder_is_called_a_folder(tmp_path):
    assert "is a folder, not a file" in complaint(tmp_path)


def test_what_a_file_is_instead_is_said(file):
    content = file.read_bytes()
    instead = {
        gzip.compress(content): "is compressed by gzip. Unpack it: gunzip",
        b"version https://git-lfs.github.com/spec/v1\n": "pointer of Git LFS",
        b"<!DOCTYPE html><html>": "is not HDF5 but a web page",
        b"": "is empty, not HDF5",
    }
    for bytes_, words in instead.items():
        file.write_bytes(bytes_)
        assert words in complaint(file)


def test_damage_is_said_only_where_the_bytes_prove_it(file, tmp_path):
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as opened:
        opened.create_dataset("ECAL", data=np.ones((8, 8)), chunks=(8, 8), compression="gzip")
        place = opened["ECAL"].id.get_chunk_info(0)
    for path, words, sure in (
        (foreign, "it is damaged, or of a kind that this version does not know", False),
        (file, "is damaged: its bytes are not those of its checksum", True),
    ):
        if path is file:
            with h5py.File(file, "r") as opened:
                place = opened["ECAL"].id.get_chunk_info(0)
        content = bytearray(path.read_bytes())
        content[place.byte_offset : place.byte_offset + place.size] = bytes(place.size)
        path.write_bytes(content)
        message = complaint(path)
        assert words in message
        assert harmless(message) is not sure


def test_a_file_that_its_writer_left_open_is_not_called_damaged(tmp_path):
    path = tmp_path / "left.h5"
    program = (
        f"import h5py, os; f = h5py.File({str(path)!r}, 'w', libver='latest'); f['ECAL'] = 1; "
        "f.flush(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    message = complaint(path)
    assert "was not closed by the program that writes it" in message
    assert "h5clear" in message
    assert harmless(message)
