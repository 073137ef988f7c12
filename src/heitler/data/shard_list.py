"""The list of a sample's shards with their checksums: a missing or exchanged file is noticed."""

import hashlib
import json
from pathlib import Path

from heitler.base.files import write_json
from heitler.data.checks import REMAKE, DataError

LIST_FILE = "shards.json"


def write_shard_list(folder: Path) -> None:
    """Write the names and SHA-256 of the shower files in `folder` beside them."""
    write_json(folder / LIST_FILE, {path.name: _sha256(path) for path in _shards(folder)})


def find_shards(folder: Path) -> list[Path]:
    """The shower files of the simulate stage, in order.

    A folder without a list, as other programs make them, is taken as it is.

    Raises:
        DataError: if there are none, or others than the list names.
    """
    shards = _shards(folder)
    if not shards:
        raise DataError(f"{folder}: no shower files. Make some: dvc repro simulate")
    listed = _read_list(folder / LIST_FILE)
    names = {path.name for path in shards}
    faults = [
        *(f"{folder / name} is missing" for name in sorted(listed.keys() - names)),
        *(f"{folder / name} is not of this sample" for name in sorted(names - listed.keys())),
        *(
            f"{path} has other bytes than were written"
            for path in shards
            if path.name in listed and _sha256(path) != listed[path.name]
        ),
    ]
    if listed and faults:
        raise DataError("\n".join(f"{fault} (says {LIST_FILE}). {REMAKE}" for fault in faults))
    return shards


def _read_list(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return {str(name): str(checksum) for name, checksum in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path}: is damaged ({error}). {REMAKE}") from None


def _shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.h5"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
