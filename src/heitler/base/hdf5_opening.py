"""Opening HDF5 files to read, why one cannot be opened, and the seal that proves it whole.

h5py raises OSError for everything. A file is called damaged only where its own bytes prove it: no
signature of HDF5, an end that is missing, or other bytes than its checksum was made of. Files of
ours begin with the SHA-256 of their content, in what HDF5 calls a user block: it is verified before
HDF5 reads anything, so that a torn file or a flipped byte is neither used nor able to do harm.
Other programs read such files like any HDF5 file.
"""

import hashlib
from pathlib import Path

import h5py

from heitler.base.causes import NO_LOCKS, Cause, system_cause
from heitler.base.errors import HeitlerError

SEAL_B = 512
"""Bytes of the user block; HDF5's smallest. Files are made with `userblock_size=SEAL_B`."""
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def seal(path: Path) -> None:
    """Write the content's checksum into the user block."""
    checksum = _checksum(path)
    with path.open("r+b") as file:
        file.write(checksum)


def is_sealed(path: Path) -> bool:
    """Whether the file has a place for a checksum; HDF5 files from elsewhere begin at once."""
    with path.open("rb") as file:
        return not file.read(len(HDF5_SIGNATURE)).startswith(HDF5_SIGNATURE)


def seal_holds(path: Path) -> bool:
    """Whether the content still has the checksum that the file was sealed with."""
    with path.open("rb") as file:
        return file.read(SEAL_B) == _checksum(path).ljust(SEAL_B, b"\0")


def _checksum(path: Path) -> bytes:
    """SHA-256, as hexadecimal digits, of what follows the user block."""
    with path.open("rb") as file:
        file.seek(SEAL_B)
        return hashlib.file_digest(file, "sha256").hexdigest().encode()


LOOKS_LIKE = {
    b"version https://git-lfs": ("is a pointer of Git LFS, not the file itself", "git lfs pull"),
    b"\x1f\x8b": ("is compressed by gzip", "Unpack it: gunzip -k {path}"),
    b"PK\x03\x04": ("is a zip archive", "Unpack it: unzip {path}"),
    b"\x93NUMPY": ("is a NumPy file, not HDF5", "Write it as HDF5 with h5py."),
    b"root": ("is a ROOT file, not HDF5", "Write it as HDF5, such as with uproot and h5py."),
}
"""First bytes of files that were taken for HDF5, what they are, and what to do with them."""


class UnreadableError(HeitlerError):
    """An HDF5 file cannot be opened; `cause` says why."""

    def __init__(self, path: Path, cause: Cause, again: str) -> None:
        super().__init__(cause.sentence(path, again))
        self.cause = cause


def open_for_reading(path: Path, again: str = "") -> h5py.File:
    """Open to read, also where the file system has no locks: they only tell that another writes.

    Args:
        path: the file.
        again: the remedy where the file is missing or proven to be bad.

    Raises:
        UnreadableError: for whatever reason.
    """
    try:
        try:
            return h5py.File(path, "r")
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            return h5py.File(path, "r", locking=False)
    except OSError as error:
        raise UnreadableError(path, hdf5_cause(error, path), again) from None


def hdf5_cause(error: BaseException, path: Path) -> Cause:
    """Why HDF5 could not open or read the file."""
    if isinstance(error, MemoryError):
        return Cause(
            "does not fit into the memory", "End other programs, or use a machine with more."
        )
    if isinstance(error, OSError) and error.errno:
        return system_cause(error, path)
    try:
        return _cause_in_content(path, " ".join(str(error).split())[:200])
    except OSError as unreadable:
        return system_cause(unreadable, path)


def _cause_in_content(path: Path, words: str) -> Cause:
    """From the file's bytes, and what HDF5 says of them."""
    if not has_signature(path):
        return _foreign(path)
    if "truncated" in words:
        return Cause("is truncated: its end is missing", "", proven=True)
    if "already open for" in words:
        return Cause(
            "was not closed by the program that writes it",
            f"Wait until it is done; if none writes it any more: h5clear -s {path}",
        )
    if is_sealed(path) and not seal_holds(path):
        return Cause("is damaged: its bytes are not those of its checksum", "", proven=True)
    return Cause(
        f"HDF5 {h5py.version.hdf5_version} cannot read it ({words}): it is damaged, or of a kind "
        "that this version does not know",
        f"Try: h5dump -H {path}; or compare it with a copy: sha256sum {path}",
    )


def _foreign(path: Path) -> Cause:
    """What a file without HDF5's signature is."""
    with path.open("rb") as file:
        begin = file.read(64)
    if not begin:
        return Cause("is empty, not HDF5", "", proven=True)
    for first, (what, remedy) in LOOKS_LIKE.items():
        if begin.startswith(first):
            return Cause(what, remedy.format(path=path))
    page = " but a web page (a download that failed?)" if begin.lstrip()[:1] == b"<" else ""
    return Cause(f"is not HDF5{page}", "", proven=True)


def has_signature(path: Path) -> bool:
    """Whether HDF5's signature is where it may be: at 0, or at 512 bytes times a power of two."""
    size, place = path.stat().st_size, 0
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            if file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE:
                return True
            place = max(SEAL_B, 2 * place)
    return False
