"""HDF5 files that begin with the SHA-256 of their content, in what HDF5 calls a user block.

The checksum is verified before HDF5 reads anything, so that a torn file or a flipped byte is
neither used nor able to do harm. Other programs read such files like any HDF5 file.
"""

import hashlib
from pathlib import Path

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
