"""Moving aside what does not fit any more, instead of deleting it."""

import itertools
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

FOLDER = "set-aside"


def set_aside(folder: Path, name: str) -> Path:
    """Move a folder to `data/set-aside/NAME-TIME`; where that is.

    It is outside of everything that DVC tracks, so that no checkout removes it.
    """
    place = _free_place(folder, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, place)
    return place


def set_files_aside(files: Iterable[Path], name: str) -> Path | None:
    """Move some files of a folder, likewise; None if there are none."""
    found = sorted(files)
    if not found:
        return None
    place = _free_place(found[0].parent, name)
    place.mkdir(parents=True)
    for path in found:
        shutil.move(path, place / path.name)
    return place


def size_of(place: Path) -> str:
    """Size of all files below, such as `1.3 GB`."""
    size = float(sum(path.stat().st_size for path in place.rglob("*") if path.is_file()))
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def _root(folder: Path) -> Path:
    """Beside the other folders of `data`, or beside the folder itself."""
    data = next((above for above in folder.parents if above.name == "data"), folder.parent)
    return data / FOLDER


def _free_place(folder: Path, name: str) -> Path:
    wanted = _root(folder) / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    others = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    return next(place for place in (wanted, *itertools.islice(others, 999)) if not place.exists())
