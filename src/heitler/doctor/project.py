"""This project, and the Python that it runs on.

Parameters, Geant4's tables, DVC's repository and MLflow's store; whether the packages are those of
uv.lock, and what the shell, the home folder and the file system bring along that stops or changes a
run.
"""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from heitler import OVERRULED
from heitler.base.dvc_lock import LOCK, examine_lock
from heitler.base.git import GitError, require_git
from heitler.base.identity import REMEDY, has_login, lent_identity
from heitler.base.locks import REMEDY as LOCKS_REMEDY
from heitler.base.locks import lacking, missing_locks
from heitler.base.place import REMEDY as PACKAGES_REMEDY
from heitler.base.place import foreign_packages, in_words
from heitler.base.stage import other_launchers
from heitler.config import RECIPES, ConfigError, load_config
from heitler.doctor.finding import REBUILD, Finding, broken, check, note, ok
from heitler.report.wording import counted
from heitler.simulation.environment import SimulationError
from heitler.simulation.tables import load_origin
from heitler.tracking.health import examine_store

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


TABLES = Path("data/tables")


@check("params.yaml")
def check_parameters() -> list[Finding]:
    """Whether every parameter is known and possible."""
    try:
        config = load_config()
    except ConfigError as error:
        return [broken("params.yaml", str(error))]
    epochs = [f"{config.of_recipe(name).train.epochs} ({name})" for name in RECIPES]
    found = f"{config.simulate.showers:,} showers, epochs {', '.join(epochs)}"
    return [ok("params.yaml", found)]


@check("Geant4's tables")
def check_tables() -> list[Finding]:
    """Whether the files are there and unchanged, or can be made."""
    genuine = os.environ.get("G4LEDATA")
    if genuine and not Path(genuine).is_dir():
        found = f"G4LEDATA is {genuine}, which is no folder"
        return [broken("Geant4's tables", found, "Correct it, or: unset G4LEDATA")]
    if not TABLES.exists():
        return [note("Geant4's tables", "not made yet", "heitler tables (make repro does it too)")]
    try:
        origin = load_origin(TABLES)
    except SimulationError as error:
        return [broken("Geant4's tables", str(error), "dvc repro --force tables")]
    elements = ", ".join(f"Z={Z}" for Z in origin.elements)
    return [ok("Geant4's tables", f"{origin.name} for {elements}")]


@check("DVC")
def check_dvc() -> list[Finding]:
    """Whether the pipeline can be read, in a git repository."""
    try:
        require_git()
    except GitError as error:
        return [broken("DVC", str(error))]
    if not Path(".dvc").is_dir():
        return [broken("DVC", "no .dvc in this folder", "Go to the project's top folder.")]
    if gone := examine_lock()[0]:
        return [broken("DVC", f"{LOCK}: {'; '.join(gone)}", "python -m heitler.base.dvc_lock")]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "stage", "list", "--names"], capture_output=True, text=True
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "no reason given"
        return [broken("DVC", reason, f"Mend dvc.yaml, or: {REBUILD}")]
    return [ok("DVC", f"{len(done.stdout.splitlines())} stages"), *_branch(), *_identity()]


def _branch() -> list[Finding]:
    """A killed `dvc exp run` leaves the working copy on no branch, and says nothing."""
    git = subprocess.run(["git", "symbolic-ref", "--quiet", "HEAD"], capture_output=True)
    if git.returncode == 0:
        return []
    found = "on no branch: after `heitler checkout`, or a `dvc exp run` that was killed"
    return [note("git", found, "git switch main (or your branch), then: dvc checkout")]


def _identity() -> list[Finding]:
    """The commands of heitler and make lend DVC what is missing; a bare `dvc exp run` does not."""
    if not lent_identity():
        return []
    found = "knows no name and address of yours, which a bare `dvc exp run` will ask for"
    return [note("git", found, REMEDY if has_login() else f"export USER=me; {REMEDY}")]


@check("MLflow's store")
def check_store() -> list[Finding]:
    """Whether runs can be written."""
    health = examine_store()
    if health.fault:
        return [broken("MLflow's store", f"{health.place}: {health.fault}", health.remedy)]
    if health.runs is None:
        return [ok("MLflow's store", f"{health.place}: made by the first run")]
    return [ok("MLflow's store", f"{health.place}: {counted(health.runs, 'run')}, can be written")]
