"""The project's top folder, in which its commands and its stages work."""

from pathlib import Path

from heitler.base.errors import HeitlerError

MARKS = ("params.yaml", "dvc.yaml")
"""Files of the top folder; DVC's copies of it have them too."""


class PlaceError(HeitlerError):
    """This is not the project's top folder."""


def require_project(*needed: str) -> None:
    """Raise PlaceError anywhere but in a project's top folder, and say where that may be.

    Args:
        needed: files of it, if not all of `MARKS` are.
    """
    here = Path.cwd()
    missing = [name for name in needed or MARKS if not (here / name).is_file()]
    if not missing:
        return
    above = next((f for f in here.parents if all((f / name).is_file() for name in MARKS)), None)
    where = f": cd {above}" if above else " (the folder that was cloned)."
    raise PlaceError(f"{missing[0]}: not found in {here}. Run from the project's top folder{where}")


def project_root(start: Path | None = None) -> Path:
    """The user's project folder.

    DVC makes its copies in `<project>/.dvc/tmp/exps/<name>` and deletes them afterwards.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if folder.parent.parts[-3:] == (".dvc", "tmp", "exps"):
            return folder.parents[3]
    return start


def in_project(path: Path) -> Path:
    """A path that the user wrote: from here or, in a copy, from the project that it is of."""
    beside = project_root() / path
    return beside if not path.exists() and beside.exists() else path
