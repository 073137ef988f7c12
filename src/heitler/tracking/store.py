"""Where runs are kept: SQLite under `mlruns/`, or wherever MLFLOW_TRACKING_URI points."""

import logging
import os
import warnings
from pathlib import Path

import mlflow
from filelock import FileLock

EXPERIMENT = "heitler"
SECONDS_TO_WAIT_FOR_OTHER_WRITERS = 120


def project_root(start: Path) -> Path:
    """The user's project, also from the copies of it in which DVC runs queued experiments.

    DVC makes those copies in `<project>/.dvc/tmp/exps/<name>` and deletes them afterwards.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if folder.parent.parts[-3:] == (".dvc", "tmp", "exps"):
            return folder.parents[3]
    return start


def connect(start: Path | None = None) -> None:
    """Point MLflow to the store and the project's experiment, creating both if needed."""
    _quieten()
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if uri:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(EXPERIMENT)
        return
    folder = project_root(start or Path.cwd()) / "mlruns"
    folder.mkdir(exist_ok=True)
    timeout = SECONDS_TO_WAIT_FOR_OTHER_WRITERS
    # One process creates the tables; others wait for it.
    with FileLock(folder / ".creating.lock", timeout=timeout):
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}?timeout={timeout}")
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            mlflow.create_experiment(EXPERIMENT, (folder / "artifacts").as_uri())
        mlflow.set_experiment(EXPERIMENT)


def _quieten() -> None:
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
