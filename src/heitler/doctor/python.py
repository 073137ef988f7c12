"""Python, whether the packages are those of uv.lock, and what surrounds them.

The shell, the home folder and the file system may bring along what stops or changes a run.
"""

import importlib.metadata
import platform
import re
import sys
import tomllib
from pathlib import Path

from heitler import OVERRULED
from heitler.base.locks import REMEDY as LOCKS_REMEDY
from heitler.base.locks import lacking, missing_locks
from heitler.base.packages import REMEDY as PACKAGES_REMEDY
from heitler.base.packages import foreign_packages, in_words
from heitler.base.stage import other_launchers
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


@check("shell")
def check_shell() -> list[Finding]:
    """Variables that would change results or make a worker of what is none; packages elsewhere."""
    findings = []
    if found := foreign_packages():
        findings.append(broken("shell", in_words(found), PACKAGES_REMEDY))
    if OVERRULED:
        values = ", ".join(f"{name}={value}" for name, value in sorted(OVERRULED.items()))
        told = f"{values}: heitler computes without, your own scripts may not"
        findings.append(note("shell", told, f"unset {' '.join(sorted(OVERRULED))}"))
    if left := other_launchers():
        told = f"{', '.join(left[:3])}: as in a worker of another launcher. DVC's stages ignore it"
        findings.append(note("shell", told, f"unset {' '.join(left)}"))
    return findings or [ok("shell", "no variable changes results")]


@check("locks")
def check_locks() -> list[Finding]:
    """Whether files of this folder can be locked."""
    if reason := missing_locks():
        return [broken("locks", lacking(Path(), reason), LOCKS_REMEDY)]
    return [ok("locks", "files of this folder can be locked")]
