"""Whether the main MLflow store can be read and written; nothing is changed in it."""

import os
import sqlite3
import urllib.parse
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import mlflow

from heitler.tracking.store import EXPERIMENT, URI_VARIABLE, quieten, runs_folder, sqlite_path
from heitler.tracking.store_causes import (
    bypass_proxy_on_this_machine,
    database_cause,
    server_cause,
)

QUICKLY = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


@dataclass(frozen=True)
class StoreHealth:
    """What was found."""

    place: str
    runs: int | None = None
    """Runs of the project's experiment; None where there is no store yet."""
    fault: str = ""
    remedy: str = ""


def examine_store() -> StoreHealth:
    """Look at where MLFLOW_TRACKING_URI points, or else at the SQLite store in `mlruns/`."""
    uri = os.environ.get(URI_VARIABLE)
    if uri and urllib.parse.urlparse(uri).scheme in ("http", "https", "databricks"):
        return _examine_server(uri)
    if uri and not uri.startswith("sqlite:"):
        return _examine_server(uri)
    return _examine_database(sqlite_path(uri) if uri else runs_folder() / "mlflow.db")


def _examine_server(uri: str) -> StoreHealth:
    quieten()
    bypass_proxy_on_this_machine(uri)
    os.environ.update({name: value for name, value in QUICKLY.items() if name not in os.environ})
    try:
        client = mlflow.MlflowClient(uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        found = client.search_runs([experiment.experiment_id]) if experiment else []
    except Exception as error:
        cause = server_cause(uri, error)
        return StoreHealth(uri, fault=cause.what, remedy=cause.remedy)
    return StoreHealth(uri, len(found))


def _examine_database(path: Path) -> StoreHealth:
    folder = next(parent for parent in path.resolve().parents if parent.exists())
    if not path.exists():
        if os.access(folder, os.W_OK):
            return StoreHealth(str(path))
        return StoreHealth(str(path), fault="cannot be made", remedy=f"See: ls -ld {folder}")
    try:
        with closing(sqlite3.connect(path, timeout=5)) as database:
            database.execute("begin immediate")
            counted = database.execute("select count(*) from runs").fetchone()[0]
            database.rollback()
    except sqlite3.DatabaseError as error:
        cause = database_cause(path, error)
        return StoreHealth(str(path), fault=cause.what, remedy=cause.remedy)
    return StoreHealth(str(path), int(counted))
