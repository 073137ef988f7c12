"""Where runs are kept: SQLite under `mlruns/`, or wherever MLFLOW_TRACKING_URI points.

Many jobs on compute nodes cannot share one SQLite file on a network file system. Where
HEITLER_OFFLINE=1, a run goes to `mlruns/offline/<name>-<time>-<machine>-<process>/`, and
`heitler sync` merges it into the main store later. This is a variable of the environment because
it says where a job runs, not what it computes: the same `params.yaml` serves both.
"""

import logging
import os
import platform
import time
import warnings
from pathlib import Path

import mlflow
from filelock import FileLock
from mlflow import ActiveRun
from mlflow.utils.file_utils import local_file_uri_to_path

from heitler.base.errors import HeitlerError
from heitler.base.files import atomic_path
from heitler.base.place import project_root, require_project
from heitler.tracking.store_causes import (
    bypass_proxy_on_this_machine,
    database_cause,
    server_cause,
)

DATABASE = "mlflow.db"
EXPERIMENT = "heitler"
URI_VARIABLE = "MLFLOW_TRACKING_URI"
RETRIES = ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
"""MLflow's own 7 take four minutes, in which workers wait; the spool tries again anyway."""
MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}
"""MLflow's UI then shows runs first, instead of what it has for language models."""
SECONDS_TO_WAIT_FOR_OTHER_WRITERS = 120


def runs_folder(start: Path | None = None) -> Path:
    """The project's `mlruns`."""
    return project_root(start) / "mlruns"


class StoreError(HeitlerError):
    """MLflow's store cannot be used."""


def has_store() -> bool:
    """Whether there is one, or may be: a server's is not asked."""
    return URI_VARIABLE in os.environ or (runs_folder() / DATABASE).exists()


def require_store() -> None:
    """Raise PlaceError where no run can be: before one is made, and outside the project."""
    if not has_store():
        require_project()


def connect(start: Path | None = None) -> None:
    """Point MLflow to the main store and the project's experiment, creating both if needed.

    Raises:
        StoreError: if the store is broken or does not answer.
    """
    uri, folder = os.environ.get(URI_VARIABLE), runs_folder(start)
    try:
        if uri:
            os.environ.setdefault(*RETRIES)
            quieten()
            bypass_proxy_on_this_machine(uri)
            mlflow.set_tracking_uri(uri)
            mlflow.set_experiment(EXPERIMENT)
        else:
            connect_to_database(folder)
    except Exception as error:  # whatever the store raises
        raise StoreError(
            f"MLflow's store cannot be used. {store_complaint(uri, folder, error)}"
        ) from error


def store_complaint(uri: str | None, folder: Path, error: BaseException) -> str:
    """What is wrong with the store at an address, or else with the one in a folder."""
    if uri and not uri.startswith("sqlite:"):
        return server_cause(uri, error).sentence(uri, "")
    path = sqlite_path(uri) if uri else folder / DATABASE
    cause = database_cause(path, error)
    return f"{path}: {cause.what}. {cause.remedy}"


def sqlite_path(uri: str) -> Path:
    """The file of an address such as `sqlite:///mlruns/mlflow.db?timeout=20`."""
    return Path(uri.removeprefix("sqlite:///").partition("?")[0])


def connect_to_database(folder: Path) -> None:
    """Point MLflow to the SQLite store in `folder`, creating it and the experiment if needed."""
    quieten()
    folder.mkdir(parents=True, exist_ok=True)
    # One process creates the tables; others wait for it.
    with FileLock(folder / ".creating.lock", timeout=SECONDS_TO_WAIT_FOR_OTHER_WRITERS):
        if not (folder / DATABASE).exists():
            _create_database(folder)
        _point_to(database_uri(folder))
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            artifacts = (folder / "artifacts").as_uri()
            mlflow.create_experiment(EXPERIMENT, artifacts, MODEL_TRAINING)
        mlflow.set_experiment(EXPERIMENT)


def _create_database(folder: Path) -> None:
    """Make MLflow's tables aside: half-made ones, of a process that was killed, stay broken."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for left in folder.glob(f".{DATABASE}.*.tmp*"):  # with SQLite's journal
        left.unlink()
    with atomic_path(folder / DATABASE) as temporary:
        uri, artifacts = f"sqlite:///{temporary}", (folder / "artifacts").as_uri()
        store = SqlAlchemyStore(uri, artifacts)  # type: ignore[no-untyped-call]
        store.engine.dispose()


def database_uri(folder: Path) -> str:
    """What MLflow calls the SQLite store in `folder`."""
    return f"sqlite:///{folder / DATABASE}?timeout={SECONDS_TO_WAIT_FOR_OTHER_WRITERS}"


def _point_to(uri: str) -> None:
    """Set MLflow's store and leave the variable, which MLflow sets too, as the user set it."""
    users = os.environ.pop(URI_VARIABLE, None)
    mlflow.set_tracking_uri(uri)
    os.environ.pop(URI_VARIABLE, None)
    if users is not None:
        os.environ[URI_VARIABLE] = users


def quieten() -> None:
    """Leave out MLflow's remarks on its own workings."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")


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
