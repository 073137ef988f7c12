"""Python, and whether the packages are those of uv.lock."""

import importlib.metadata
import platform
import re
import sys
import tomllib
from pathlib import Path

from heitler.doctor.finding import REBUILD, Finding, broken, check, note, ok

OLDEST, TOO_NEW = (3, 11), (3, 14)
SHOWN = 4


@check("Python")
def check_python() -> list[Finding]:
    """Version, machine, and whose environment it is."""
    found = f"{platform.python_version()} in {sys.prefix}"
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        return [broken("Python", found, f"Install Python 3.11, 3.12 or 3.13, then: {REBUILD}")]
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        machine = f"{found}, on {platform.system()} {platform.machine()}"
        return [broken("Python", machine, "Use Linux on x86_64, also in a container.")]
    if sys.prefix == sys.base_prefix:
        return [note("Python", f"{found}, no environment", "source .venv/bin/activate")]
    return [ok("Python", found)]


@check("packages")
def check_packages() -> list[Finding]:
    """What pyproject.toml asks for, in the versions of uv.lock."""
    lock, project = Path("uv.lock"), Path("pyproject.toml")
    if not (lock.is_file() and project.is_file()):
        return [broken("packages", "no uv.lock in this folder", "Go to the project's top folder.")]
    locked: dict[str, set[str]] = {}  # a package may have one version per version of Python
    for package in tomllib.loads(lock.read_text())["package"]:
        locked.setdefault(package["name"], set()).add(package.get("version", ""))
    wanted = tomllib.loads(project.read_text())["project"]["dependencies"]
    names = [re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in wanted]
    wrong = [line for name in names if (line := _difference(name, locked.get(name, set())))]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        return [broken("packages", "; ".join(wrong[:SHOWN]) + more, REBUILD)]
    return [ok("packages", f"all {len(names)} as in uv.lock")]


def _difference(name: str, locked: set[str]) -> str:
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    if installed in locked:
        return ""
    return f"{name} is {installed}, uv.lock has {' or '.join(sorted(locked)) or 'none'}"
