"""Packages that come from elsewhere than from this environment: PYTHONPATH goes before it.

Modules of HPC systems and shells of other projects set PYTHONPATH; another NumPy or TensorFlow then
computes, or does not even load, and nobody sees why.
"""

import importlib.util
import os
import sys
from pathlib import Path

from heitler.base.errors import HeitlerError

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
