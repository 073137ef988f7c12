"""The project's top folder, in which its commands and stages work, with packages of its own.

PYTHONPATH goes before the environment: modules of HPC systems and shells of other projects set it;
another NumPy or TensorFlow then computes, or does not even load, and nobody sees why.
"""

import importlib.util
import os
import sys
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


DECISIVE = (
    "numpy", "scipy", "h5py", "yaml", "pydantic", "tensorflow", "keras", "horovod", "mlflow", "dvc",
    "sklearn", "pandas", "typer",
)  # fmt: skip
"""What numbers, files and records come from."""


class PackagesError(HeitlerError):
    """A package comes from another place than this environment."""


def foreign_packages() -> dict[str, str]:
    """Where packages of `DECISIVE` come from that are not of this environment; nothing imported."""
    if "PYTHONPATH" not in os.environ:
        return {}
    own = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    places = {name: _place(name) for name in DECISIVE}
    return {
        name: str(place)
        for name, place in places.items()
        if place and not own & set(place.resolve().parents)
    }


def refuse_foreign_packages() -> None:
    """Raise PackagesError, naming all of them."""
    if found := foreign_packages():
        raise PackagesError(f"{in_words(found)}. {REMEDY}")


REMEDY = "Give this environment's packages the way: unset PYTHONPATH"


def in_words(found: dict[str, str]) -> str:
    """Such as "numpy comes from /opt/site (PYTHONPATH), not from the environment /x/.venv"."""
    names, places = ", ".join(found), ", ".join(dict.fromkeys(found.values()))
    verb = "comes" if len(found) == 1 else "come"
    return f"{names} {verb} from {places} (PYTHONPATH), not from the environment {sys.prefix}"


def _place(name: str) -> Path | None:
    """The folder in which Python finds a package."""
    found = importlib.util.find_spec(name)
    if not found or not found.origin:
        return None
    file = Path(found.origin)
    return file.parents[1] if found.submodule_search_locations else file.parent
