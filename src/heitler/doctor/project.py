"""Parameters, Geant4's tables, DVC's repository and MLflow's store of this project."""

import os
import subprocess
import sys
from pathlib import Path

from heitler.base.git import GitError, require_git
from heitler.base.identity import REMEDY, has_login, lent_identity
from heitler.config import RECIPES, ConfigError, load_config
from heitler.doctor.finding import REBUILD, Finding, broken, check, note, ok
from heitler.report.wording import counted
from heitler.simulation.environment import SimulationError
from heitler.simulation.tables import load_origin
from heitler.tracking.health import examine_store

TABLES = Path("data/tables")
LOCK = Path(".dvc/tmp/rwlock")


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
    if LOCK.is_file() and not LOCK.stat().st_size:
        return [broken("DVC", f"{LOCK} is empty: a DVC was killed while it wrote it", f"rm {LOCK}")]
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
