"""Whether the main MLflow store can be read and written; nothing is changed in it."""

import os
import shutil
import sqlite3
import urllib.parse
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import mlflow

from heitler.tracking.store import EXPERIMENT, URI_VARIABLE, quieten, runs_folder

QUICKLY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


@dataclass(frozen=True)
class StoreHealth:
    """What was found."""

    place: str
    runs: int | None = None
    """Of the project's experiment; None where there is no store yet."""
    fault: str = ""
    remedy: str = ""


def examine_store() -> StoreHealth:
    """Look at where MLFLOW_TRACKING_URI points, or else at the SQLite store in `mlruns/`."""
    uri = os.environ.get(URI_VARIABLE)
    if uri and urllib.parse.urlparse(uri).scheme in ("http", "https", "databricks"):
        return _examine_server(uri)
    if uri and not uri.startswith("sqlite:"):
        return _examine_server(uri)
    path = Path(uri.removeprefix("sqlite:///").partition("?")[0]) if uri else None
    return _examine_database(path or runs_folder() / "mlflow.db")


def _examine_server(uri: str) -> StoreHealth:
    quieten()
    os.environ.update({name: value for name, value in QUICKLY.items() if name not in os.environ})
    try:
        client = mlflow.MlflowClient(uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        found = client.search_runs([experiment.experiment_id]) if experiment else []
    except Exception as error:
        fault = f"does not answer ({str(error).splitlines()[0][:100]})"
        remedy = f"Start the server, or correct or unset {URI_VARIABLE}."
        return StoreHealth(uri, fault=fault, remedy=remedy)
    return StoreHealth(uri, len(found))


def _examine_database(path: Path) -> StoreHealth:
    folder = next(parent for parent in path.resolve().parents if parent.exists())
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return StoreHealth(str(path), fault="cannot be written", remedy=f"chmod -R u+w {folder}")
    if not path.exists():
        return StoreHealth(str(path))
    try:
        with closing(sqlite3.connect(path, timeout=5)) as database:
            database.execute("begin immediate")
            counted = database.execute("select count(*) from runs").fetchone()[0]
            database.rollback()
    except sqlite3.OperationalError as error:
        remedy = "Wait for the program that writes it, or end it."
        if "locked" not in str(error):
            remedy = _set_aside(path)
        return StoreHealth(str(path), fault=str(error), remedy=remedy)
    except sqlite3.DatabaseError as error:
        return StoreHealth(str(path), fault=str(error), remedy=_set_aside(path))
    return StoreHealth(str(path), int(counted))


def _set_aside(path: Path) -> str:
    free = shutil.disk_usage(path.parent).free
    if free == 0:
        return "The disk is full: free some space."
    return f"Set it aside, and a new one is made: mv {path} {path}.broken"
