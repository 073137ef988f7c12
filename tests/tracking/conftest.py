"""An MLflow store of its own for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from tests.generation.conftest import generator_folder  # noqa: F401  a fixture


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, which take seconds to create, without this project's experiment."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project's folder, where nothing was ever run.

    Runs get no metrics of the system, however long a busy machine takes for them.
    """
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "86400")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def store(project: Path, empty_database: Path) -> Path:
    """A project's folder, with MLflow's tables."""
    (project / "mlruns").mkdir()
    shutil.copy(empty_database, project / "mlruns/mlflow.db")
    return project
