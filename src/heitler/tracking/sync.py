"""Merge offline runs into the main store: each once, and the rest if a merge was interrupted.

Every step adds only what the main store lacks, so a merge can be repeated: a run is recognised by
the tag `heitler.synced_from`, a model by the same tag, metrics by step, time and value.
`mlflow migrate-filestore` fills empty databases only, and mlflow-export-import makes new runs
every time; hence this module, on MLflow's own client.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, Metric, Param, Run, RunTag
from mlflow.entities.logged_model_status import LoggedModelStatus
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from heitler.base.files import write_json
from heitler.base.progress import progress_bar
from heitler.tracking.lookup import (
    PROCESS_TAG,
    SYNCED_TAG,
    connect_to_run,
    has_ended,
    numbered,
    search,
    synced_run,
)
from heitler.tracking.recorder import Recorder
from heitler.tracking.spool import Spool, SpoolError, read_records, spool_folder
from heitler.tracking.store import EXPERIMENT, connect, database_uri, offline_folder

DONE = "synced.json"
SILENT_S = 600.0
"""A running process writes its system metrics every few seconds; after this it is given up."""
MOST_PER_BATCH = 500
"""Metrics; MLflow takes up to 1000 items at once."""


@dataclass(frozen=True)
class Synced:
    """What became of an offline store."""

    folder: Path
    runs: dict[str, str]
    """Names in the main store by offline id; empty if a run is still running."""


def sync_spool() -> dict[str, int]:
    """Record what the store did not take before; records left over, by run id."""
    left = {}
    for path in sorted(spool_folder().glob("*.json")):
        with FileLock(path.with_suffix(".lock")):
            try:
                read_records(path)
            except SpoolError as error:
                print(f"Warning: {error}")
                continue
            run_id = connect_to_run(path.name.partition(".")[0])
            if run_id:
                spool = Spool(path.stem, Recorder(run_id))
                spool.replay()
                spool.close()
            left[path.stem] = len(read_records(path))
        path.with_suffix(".lock").unlink(missing_ok=True)
    return left


def sync_runs() -> list[Synced]:
    """Merge all offline stores that hold something new; say what became of each."""
    stores = [path.parent for path in sorted(offline_folder().glob("*/mlflow.db"))]
    waiting = [folder for folder in stores if _state(folder) != _read_state(folder)]
    if not waiting:
        return []
    with FileLock(offline_folder() / ".sync.lock"):  # a second sync waits for this one
        connect()
        main = MlflowClient()
        with progress_bar("merging runs", len(waiting)) as advance:
            results = []
            for folder in waiting:
                results.append(_merge_store(folder, main))
                advance(note=folder.name)
    return results


def _merge_store(folder: Path, main: MlflowClient) -> Synced:
    source = MlflowClient(database_uri(folder.resolve()))
    runs = search(source)  # parents come before their children
    silent_s = time.time() - (folder / "mlflow.db").stat().st_mtime
    for run in runs:
        process = run.data.tags.get(PROCESS_TAG, "")
        if run.info.status == "RUNNING" and (has_ended(process) or silent_s > SILENT_S):
            source.set_terminated(run.info.run_id, "KILLED")
    runs = search(source)
    if any(run.info.status == "RUNNING" for run in runs):
        return Synced(folder, {})
    state = _state(folder)  # of what is merged below
    names = {run.info.run_id: _Merge(source, main, run, folder / "artifacts").all() for run in runs}
    write_json(folder / DONE, state)
    return Synced(folder, names)


class _Merge:
    """One run."""

    def __init__(self, source: MlflowClient, main: MlflowClient, run: Run, files: Path) -> None:
        self.source, self.main, self.run = source, main, run
        self.experiment_id = mlflow.set_experiment(EXPERIMENT).experiment_id
        self.files = files
        """Artifacts, found by place and not by their recorded address: stores may be moved."""
        self.target = synced_run(main, run.info.run_id) or self._create()

    def all(self) -> str:
        """Whatever the main store lacks; returns the run's name there."""
        self._add_values()
        self._add_metrics()
        self._add_inputs()
        artifacts = self.files / self.run.info.run_id / "artifacts"
        if artifacts.is_dir():
            self.main.log_artifacts(self.target, str(artifacts))
        for output in self.run.outputs.model_outputs if self.run.outputs else ():
            self._add_model(output)
        info = self.run.info
        self.main.set_terminated(self.target, info.status, info.end_time)
        return str(self.main.get_run(self.target).info.run_name)

    def _create(self) -> str:
        tags = {SYNCED_TAG: self.run.info.run_id}
        created = self.main.create_run(
            self.experiment_id,
            start_time=self.run.info.start_time,
            tags=tags,
            run_name=numbered(self.run.info.run_name),
        )
        return str(created.info.run_id)

    def _add_values(self) -> None:
        known = self.main.get_run(self.target).data
        params = [Param(k, v) for k, v in self.run.data.params.items() if k not in known.params]
        tags = dict(self.run.data.tags)
        tags.pop("mlflow.runName", None)  # numbered, if the main store had it already
        if parent := tags.get(MLFLOW_PARENT_RUN_ID):
            tags[MLFLOW_PARENT_RUN_ID] = synced_run(self.main, parent) or parent
        changed = [RunTag(k, v) for k, v in tags.items() if known.tags.get(k) != v]
        for start in range(0, max(len(params), len(changed)), 100):
            part = slice(start, start + 100)
            self.main.log_batch(self.target, params=params[part], tags=changed[part])

    def _add_metrics(self) -> None:
        missing = [point for key in self.run.data.metrics for point in self._missing(key)]
        for start in range(0, len(missing), MOST_PER_BATCH):
            self.main.log_batch(self.target, metrics=missing[start : start + MOST_PER_BATCH])

    def _missing(self, key: str) -> Iterator[Metric]:
        known = {_identity(point) for point in self.main.get_metric_history(self.target, key)}
        for point in self.source.get_metric_history(self.run.info.run_id, key):
            if _identity(point) not in known:
                yield Metric(key, point.value, point.timestamp, point.step)

    def _add_inputs(self) -> None:
        inputs = self.run.inputs
        known = self.main.get_run(self.target).inputs
        if inputs and inputs.dataset_inputs and not (known and known.dataset_inputs):
            self.main.log_inputs(self.target, inputs.dataset_inputs)

    def _add_model(self, output: LoggedModelOutput) -> None:
        """A model becomes an output of the run last, so one that is an output is whole."""
        outputs = self.main.get_run(self.target).outputs
        known = {entry.model_id for entry in outputs.model_outputs} if outputs else set()
        condition = f"tags.`{SYNCED_TAG}` = '{output.model_id}'"
        for copy in self.main.search_logged_models([self.experiment_id], condition):
            if copy.model_id in known:
                return
            self.main.delete_logged_model(copy.model_id)  # of an interrupted merge
        model = self.source.get_logged_model(output.model_id)
        copy = self.main.create_logged_model(
            self.experiment_id,
            model.name,
            self.target,
            {**model.tags, SYNCED_TAG: output.model_id},
            model.params,
            model.model_type,
        )
        files = self.files / "models" / output.model_id / "artifacts"
        self.main.log_model_artifacts(copy.model_id, str(files))
        self.main.finalize_logged_model(copy.model_id, LoggedModelStatus.READY)
        self.main.log_outputs(self.target, [LoggedModelOutput(copy.model_id, output.step)])


def _identity(point: Metric) -> tuple[int, int, str]:
    return point.step, point.timestamp, repr(point.value)  # as text, because nan != nan


def _state(folder: Path) -> dict[str, Any]:
    """Changes whenever something was written to the store."""
    file = (folder / "mlflow.db").stat()
    return {"bytes": file.st_size, "changed_ns": file.st_mtime_ns}


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / DONE
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content
