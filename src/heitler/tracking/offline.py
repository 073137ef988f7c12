"""Runs of machines that must not write to the main store: each in a small store of its own.

Many jobs on compute nodes cannot share one SQLite file on a network file system. Where
HEITLER_OFFLINE=1, a run goes to `mlruns/offline/<name>-<time>-<machine>-<process>/`, and
`heitler sync` merges it into the main store later. This is a variable of the environment because
it says where a job runs, not what it computes: the same `params.yaml` serves both.
"""

import os
import platform
import time
from pathlib import Path

from mlflow import ActiveRun
from mlflow.utils.file_utils import local_file_uri_to_path

from heitler.tracking.store import connect_to_database, runs_folder

VARIABLE = "HEITLER_OFFLINE"


def is_offline() -> bool:
    """Whether this process must not write to the main store."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def offline_folder() -> Path:
    """Where the offline stores are."""
    return runs_folder() / "offline"


def connect_new_offline(name: str) -> None:
    """Point MLflow to a store that no other process writes to."""
    moment = time.strftime("%Y%m%d-%H%M%S")
    folder = f"{name.replace('/', '-')}-{moment}-{platform.node()}-{os.getpid()}"
    connect_to_database(offline_folder() / folder)


def has_offline_store(run_id: str) -> bool:
    """Whether a run was begun offline."""
    return any(offline_folder().glob(f"*/artifacts/{run_id}"))


def connect_offline_store_of(run_id: str) -> bool:
    """Point MLflow to the offline store of a run; False if there is none."""
    for artifacts in offline_folder().glob(f"*/artifacts/{run_id}"):
        connect_to_database(artifacts.parents[1])
        return True
    return False


def make_findable(run: ActiveRun) -> None:
    """Create the folder of a run's artifacts, by which its store is found."""
    folder: str = local_file_uri_to_path(run.info.artifact_uri)  # type: ignore[no-untyped-call]
    Path(folder).mkdir(parents=True, exist_ok=True)
