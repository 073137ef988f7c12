"""What a run's records become in MLflow; a record that is repeated has no effect.

Whole histories of finished runs, logged at once.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from heitler.base.files import file_digest
from heitler.tracking.lookup import PROCESS_TAG, search, this_process
from heitler.tracking.provenance import PACKAGE
from heitler.tracking.registry import ServedModel
from heitler.tracking.spool import Record

CHILD_TAG = "heitler.child"
"""Number of a run among those below its parent."""
AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""


class Recorder:
    """Writes a run's records to its store; a record that is repeated has no effect."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._run: MlflowRun | None = None

    def __call__(self, record: Record) -> None:
        if self._run is None:
            self._run = MlflowRun(self._run_id)
        arguments = dict(record["arguments"])
        if "folder" in arguments:
            arguments["folder"] = Path(arguments["folder"])
        getattr(self._run, record["what"])(**arguments)


class MlflowRun:
    """A run in the store."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._last_epoch = int(mlflow.get_run(run_id).data.metrics.get("epoch", 0))

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None:
        if epoch > self._last_epoch:
            mlflow.log_metrics({**metrics, "epoch": epoch}, step=epoch, run_id=self.run_id)
            self._last_epoch = epoch

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        known = mlflow.get_run(self.run_id).data.metrics
        new = {name: value for name, value in metrics.items() if known.get(name) != value}
        mlflow.log_metrics(new, run_id=self.run_id)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            mlflow.MlflowClient().set_tag(self.run_id, f"heitler.{key}", value)

    def log_files(self, folder: Path, name: str) -> None:
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder")
        mlflow.log_artifacts(str(folder), name, run_id=self.run_id)

    def log_generator(self, folder: Path, served: Mapping[str, Any], name: str) -> None:
        done, content = f"heitler.logged.{name}", file_digest(*sorted(folder.glob("*.*")))
        if mlflow.get_run(self.run_id).data.tags.get(done) == content:
            return
        model = ServedModel(**served)
        mlflow.pyfunc.log_model(
            name=name,
            loader_module=model.loader,
            data_path=str(folder),
            code_paths=[str(PACKAGE)],
            pip_requirements=model.pinned(),
            signature=model.signature(),
            input_example=dict(model.example),
        )
        mlflow.MlflowClient().set_tag(self.run_id, done, content)

    def log_child(
        self,
        number: int,
        name: str,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        metrics: Mapping[str, float],
        history: Sequence[Mapping[str, float]],
        step: str,
    ) -> None:
        """A child is closed last, so one that is closed is whole; others are written anew."""
        client, own = mlflow.MlflowClient(), {CHILD_TAG: str(number), PROCESS_TAG: this_process()}
        below = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{self.run_id}'"
        for child in search(client, f"{below} AND tags.`{CHILD_TAG}` = '{number}'"):
            if child.info.status == "FINISHED":
                return
            client.delete_run(child.info.run_id)
        with mlflow.start_run(
            run_name=name,
            nested=True,
            parent_run_id=self.run_id,
            tags={**tags, **own},
            log_system_metrics=False,
        ) as child:
            mlflow.log_params(dict(parameters))
            mlflow.log_metrics(dict(metrics))
            log_history(child.info.run_id, history, step=step)

    def end(self, status: str) -> None:
        """Close the run."""
        mlflow.MlflowClient().set_terminated(self.run_id, status)


def log_history(run_id: str, history: Sequence[Mapping[str, float]], *, step: str) -> None:
    """Many points at once; the column `step` says where each row stands."""
    now = int(time.time() * 1000)
    points = [
        Metric(name, value, now, int(row[step]))
        for row in history
        for name, value in row.items()
        if name != step
    ]
    client = mlflow.MlflowClient()
    for first in range(0, len(points), AT_ONCE):
        client.log_batch(run_id, metrics=points[first : first + AT_ONCE])
