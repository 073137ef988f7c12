"""Where files are that can be made again: the user's cache, or the checkout's."""

import os
from pathlib import Path

from heitler.base.source import PACKAGE

CHECKOUT = PACKAGE.parents[1]


def cache_folder(name: str) -> Path:
    """A folder of this name, `~/.cache/heitler/NAME`, made if it is not there.

    In some containers and batch jobs a home cannot be written: then it is `.tools/cache` of the
    checkout, where set-up has uv's cache. If neither can be written, the first is returned, for an
    error that names it.
    """
    folders = [base / "heitler" / name for base in (_of_user(), CHECKOUT / ".tools/cache") if base]
    return next((folder for folder in folders if _is_writable(folder)), folders[0])


def _of_user() -> Path | None:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a user without a name, and no HOME
        return None


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
