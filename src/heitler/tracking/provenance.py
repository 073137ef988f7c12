"""Where a result comes from: code, data, machine, software. No MLflow here."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import psutil
import yaml

import heitler
from heitler.base.git import git, why_no_commit

PACKAGE = Path(heitler.__file__).parent
SOFTWARE = ("tensorflow-cpu", "horovod", "keras", "numpy", "mlflow", "dvc", "geant4-pybind")

NO_CODE = (":!dvc.lock", ":!params.yaml", ":!reports")
"""For git: all files but these."""


def collect_provenance(root: Path = Path()) -> dict[str, dict[str, Any]]:
    """Code, data, machine and software, each a flat mapping of printable values."""
    return {
        "code": git_state(root),
        "data": data_hashes(root),
        "machine": machine(),
        "software": software(),
    }


def git_state(root: Path = Path()) -> dict[str, Any]:
    """Commit, and whether tracked files differ from it; else why there is none to be told.

    Results and parameters do not count: stages rewrite the former, and runs keep the latter.
    """
    commit = git(root, "rev-parse", "HEAD")
    if commit is None:
        return {"no_commit": why_no_commit(root)}
    changed = git(root, "status", "--porcelain", "--untracked-files=no", "--", *NO_CODE)
    return {"git_commit": commit, "uncommitted_changes": bool(changed)}


def data_hashes(root: Path = Path()) -> dict[str, str]:
    """DVC's hashes of the outputs under `data/`, from `dvc.lock`."""
    try:
        lock = yaml.safe_load((root / "dvc.lock").read_text())
    except FileNotFoundError:
        return {}
    outs = [out for stage in lock["stages"].values() for out in stage.get("outs", [])]
    return {out["path"]: out["md5"] for out in outs if out["path"].startswith("data/")}


def machine() -> dict[str, Any]:
    """Processor, usable cores, memory, operating system."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_GiB": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def software() -> dict[str, str]:
    """Versions of the packages that decide numbers and timings."""
    return {name: importlib.metadata.version(name) for name in SOFTWARE}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def experiment_revision(name: str, root: Path = Path()) -> str | None:
    """Commit of a DVC experiment, the latest of this name; None if there is none (any more)."""
    listed = git(
        root,
        "for-each-ref",
        "--sort=-committerdate",
        "--format=%(objectname) %(refname)",
        "refs/exps/*/*/*",
    )
    for line in (listed or "").splitlines():
        commit, _, reference = line.partition(" ")
        if reference.rpartition("/")[2] == name:
            return commit
    return None
