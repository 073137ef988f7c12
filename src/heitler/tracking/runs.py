"""MLflow runs. Rank 0 has a real one; the other workers' `SilentRun` does nothing."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mlflow
import numpy as np
from mlflow.data.numpy_dataset import from_numpy
from numpy.typing import NDArray

from heitler.tracking.lookup import (
    PROCESS_TAG,
    close_abandoned_runs,
    connect_to_run,
    numbered,
    this_process,
)
from heitler.tracking.recorder import Recorder
from heitler.tracking.registry import ServedModel
from heitler.tracking.spool import Spool
from heitler.tracking.store import VARIABLE as OFFLINE
from heitler.tracking.store import (
    connect,
    connect_new_offline,
    has_offline_store,
    is_offline,
    make_findable,
)

SYSTEM_METRICS_INTERVAL = ("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "5")  # seconds
PARENT_VARIABLE, PARENT_TAG = "HEITLER_PARENT_RUN", "mlflow.parentRunId"
"""The run whose child a new run becomes, such as a sweep's: in the environment; MLflow's tag."""
LONGEST_PARAMETER = 500
DIGEST_CHARACTERS = 32


@dataclass(frozen=True)
class Dataset:
    """Showers that a run used."""

    use: str
    """Such as "training"."""
    source: Path
    primary_energy_GeV: NDArray[np.floating]
    """(N,); MLflow shows N."""
    digest: str
    """Checksum of all the showers' content; MLflow keeps the first 32 characters."""


class Run(Protocol):
    """What a stage may do with its run."""

    run_id: str

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None:
        """Metrics at the end of an epoch, counted from 1; epochs that the run has are left out."""

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Numbers that a stage ends with; entries that are no numbers are left out."""

    def log_tags(self, tags: Mapping[str, Any]) -> None:
        """Nested; logged as `heitler.section.key`."""

    def log_files(self, folder: Path, name: str) -> None:
        """Files of a folder, such as figures, as artifacts under `name`."""

    def log_generator(self, folder: Path, served: ServedModel, name: str = "generator") -> None:
        """The trained generator in `folder` as an MLflow model."""

    def log_child(
        self,
        name: str,
        *,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
        metrics: Mapping[str, Any] | None = None,
        history: Sequence[Mapping[str, float]] = (),
        step: str = "epoch",
    ) -> None:
        """A finished run below this one.

        Args:
            parameters: nested; logged as `section.key`.
            tags: logged as they are.
            metrics: numbers that it ended with.
            history: rows of metrics.
            step: the column of `history` that says where each row stands.
        """


class SilentRun:
    """The run of workers that do not write."""

    run_id = ""

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None: ...

    def log_metrics(self, metrics: Mapping[str, Any]) -> None: ...

    def log_tags(self, tags: Mapping[str, Any]) -> None: ...

    def log_files(self, folder: Path, name: str) -> None: ...

    def log_generator(self, folder: Path, served: ServedModel, name: str = "generator") -> None: ...

    def log_child(self, name: str, **content: Any) -> None: ...


class TrackedRun:
    """A run in a store that may fail: then the record is completed by `heitler sync`."""

    def __init__(self, run_id: str, *, wait: bool = False, unreachable: bool = False) -> None:
        """As in the store.

        Args:
            wait: whether every call waits for the store; `spool.close` waits for what did not.
            unreachable: whether the store did not answer at the start, so that its end must be
                recorded too.
        """
        self.run_id, self.unreachable = run_id, unreachable
        self.spool = Spool(run_id, Recorder(run_id))
        self._put = self.spool.put_now if wait else self.spool.put
        self._children = 0

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None:
        self._put("log_epoch", metrics=dict(metrics), epoch=epoch)

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        numbers = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
        self._put("log_metrics", metrics=numbers)

    def log_tags(self, tags: Mapping[str, Any]) -> None:
        self._put("log_tags", tags={key: str(value) for key, value in flatten(tags)})

    def log_files(self, folder: Path, name: str) -> None:
        self.spool.put_now("log_files", folder=str(folder.resolve()), name=name)

    def log_generator(self, folder: Path, served: ServedModel, name: str = "generator") -> None:
        self.spool.put_now(  # MLflow finds the run of a model by the thread
            "log_generator", folder=str(folder.resolve()), served=served.as_json(), name=name
        )

    def log_child(
        self,
        name: str,
        *,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
        metrics: Mapping[str, Any] | None = None,
        history: Sequence[Mapping[str, float]] = (),
        step: str = "epoch",
    ) -> None:
        self._children += 1
        self.spool.put_now(
            "log_child",
            number=self._children,
            name=name,
            parameters={key: str(value) for key, value in flatten(parameters)},
            tags=dict(tags or {}),
            metrics={key: float(value) for key, value in (metrics or {}).items()},
            history=[{key: float(value) for key, value in row.items()} for row in history],
            step=step,
        )


@contextlib.contextmanager
def open_run(
    name: str,
    *,
    run_id: str | None = None,
    unfinished_only: bool = False,
    parameters: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    datasets: Sequence[Dataset] = (),
) -> Iterator[Run]:
    """A run of this process, with system metrics; the run `run_id` again, if a store has it.

    Where the store does not answer, a new run goes to an offline one, and the records of one that
    is continued wait in the spool.

    Args:
        name: of a new run; a number is added if another run has it.
        run_id: of the run to continue.
        unfinished_only: whether a finished run is not continued: a new one then begins.
        parameters: nested; logged as `section.key`.
        tags: nested; logged as `heitler.section.key`.
        datasets: what it uses.
    """
    os.environ.setdefault(*SYSTEM_METRICS_INTERVAL)

    def start() -> str:
        close_abandoned_runs()
        known = _connect_to(run_id)
        if known and unfinished_only and mlflow.get_run(known).info.status == "FINISHED":
            known = None
        return _start(name, known, parameters or {}, tags or {}, datasets)

    tracked = _start_or_spool(start, run_id)
    status = "KILLED"
    try:
        yield tracked
        status = "FINISHED"
    except Exception:
        status = "FAILED"
        raise
    finally:
        _end(tracked, status)


def _start(
    name: str,
    known: str | None,
    parameters: Mapping[str, Any],
    tags: Mapping[str, Any],
    datasets: Sequence[Dataset],
) -> str:
    """Start a run, or continue the one known, to whose store MLflow is connected; its id."""
    if not known:
        connect_new_offline(name) if is_offline() else connect()
    run_name = None if known else numbered(name)
    run = mlflow.start_run(run_id=known, run_name=run_name, log_system_metrics=True)
    mlflow.set_tag(PROCESS_TAG, this_process())
    if is_offline():
        make_findable(run)
    if not known:
        if parent := os.environ.get(PARENT_VARIABLE):
            mlflow.set_tag(PARENT_TAG, parent)
        _describe(parameters, tags, datasets)
    return str(run.info.run_id)


def _start_or_spool(start: Callable[[], str], run_id: str | None) -> TrackedRun:
    """The run that `start` starts; where the store fails, one whose records are merged later.

    A new run then is an offline one, and so is one that was begun offline. The records of any
    other wait in the spool, from which they also go to the store when it answers again.
    """
    try:
        return TrackedRun(start())
    except Exception as error:  # whatever the store raises: the run goes on
        if is_offline():
            raise
        reason = " ".join(str(error).split())[:200]
    while mlflow.active_run():
        with contextlib.suppress(Exception):
            mlflow.end_run("KILLED")
    elsewhere = run_id and not has_offline_store(run_id)
    where = (
        "its records in mlruns/spool" if elsewhere else "a store of its own under mlruns/offline"
    )
    print(
        f"Warning: MLflow cannot be used ({reason}). The run goes on with {where}; `heitler sync` "
        "merges it later.",
        flush=True,
    )
    if run_id and elsewhere:
        return TrackedRun(run_id, unreachable=True)
    os.environ[OFFLINE] = "1"
    return TrackedRun(start())


def _end(tracked: TrackedRun, status: str) -> None:
    """Close the run, in its store or later."""
    if tracked.unreachable:
        tracked.spool.put("end", status=status)
    tracked.spool.close()
    try:
        mlflow.end_run(status)
    except Exception:  # whatever the store raises
        late = Spool(tracked.run_id, Recorder(tracked.run_id))
        late.put("end", status=status)
        late.close()


def attach_run(name: str, run_id: str | None) -> Run:
    """The run `run_id` to add results to; its status and system metrics stay as they are.

    If no store has it, a new run called `name`.
    """
    try:
        known = _connect_to(run_id)
    except Exception:  # whatever the store raises: kept for the run that is not to be reached
        return TrackedRun(run_id or name, wait=True)
    if not known:
        with open_run(name) as new:
            known = new.run_id
    return TrackedRun(known, wait=True)


def _connect_to(run_id: str | None) -> str | None:
    known = connect_to_run(run_id) if run_id else None
    if run_id and not known:
        print(f"MLflow run {run_id} is not in this store (any more); starting a new one.")
    return known


def _describe(
    parameters: Mapping[str, Any],
    tags: Mapping[str, Any],
    datasets: Sequence[Dataset],
) -> None:
    mlflow.log_params({k: str(v)[:LONGEST_PARAMETER] for k, v in flatten(parameters)})
    mlflow.set_tags({f"heitler.{k}": v for k, v in flatten(tags)})
    for data in datasets:
        shown = from_numpy(
            np.asarray(data.primary_energy_GeV),
            source=str(data.source),
            name=data.source.stem,
            digest=data.digest[:DIGEST_CHARACTERS],
        )
        mlflow.log_input(shown, context=data.use)


def flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Pairs of dotted key and value."""
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
