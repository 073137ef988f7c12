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
from mlflow.models import ModelSignature
from mlflow.types.schema import (
    AnyType,
    ColSpec,
    DataType,
    ParamSchema,
    ParamSpec,
    Schema,
    TensorSpec,
)
from numpy.typing import NDArray

from heitler.files import file_digest
from heitler.tracking.lookup import (
    PROCESS_TAG,
    close_abandoned_runs,
    connect_to_run,
    numbered,
)
from heitler.tracking.offline import VARIABLE as OFFLINE
from heitler.tracking.offline import connect_new_offline, is_offline, make_findable
from heitler.tracking.processes import this_process
from heitler.tracking.provenance import PACKAGE, software
from heitler.tracking.spool import Record, Spool
from heitler.tracking.store import connect

SYSTEM_METRICS_INTERVAL = ("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "5")  # seconds
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
    """Of all the showers' content; MLflow keeps the first 32 characters."""


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

    def log_generator(
        self, folder: Path, image_shape: tuple[int, int, int], name: str = "generator"
    ) -> None:
        """The trained generator in `folder` as an MLflow model."""


class SilentRun:
    """The run of workers that do not write."""

    run_id = ""

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None: ...

    def log_metrics(self, metrics: Mapping[str, Any]) -> None: ...

    def log_tags(self, tags: Mapping[str, Any]) -> None: ...

    def log_files(self, folder: Path, name: str) -> None: ...

    def log_generator(
        self, folder: Path, image_shape: tuple[int, int, int], name: str = "generator"
    ) -> None: ...


class TrackedRun:
    """A run in a store that may fail: then the record is completed by `heitler sync`."""

    def __init__(self, run_id: str, *, wait: bool = False) -> None:
        """Whether every call waits for the store; `spool.close` waits for what did not."""
        self.run_id = run_id
        self.spool = Spool(run_id, Recorder(run_id))
        self._put = self.spool.put_now if wait else self.spool.put

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None:
        self._put("log_epoch", metrics=dict(metrics), epoch=epoch)

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        numbers = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
        self._put("log_metrics", metrics=numbers)

    def log_tags(self, tags: Mapping[str, Any]) -> None:
        self._put("log_tags", tags={key: str(value) for key, value in flatten(tags)})

    def log_files(self, folder: Path, name: str) -> None:
        self.spool.put_now("log_files", folder=str(folder.resolve()), name=name)

    def log_generator(
        self, folder: Path, image_shape: tuple[int, int, int], name: str = "generator"
    ) -> None:
        self.spool.put_now(  # MLflow finds the run of a model by the thread
            "log_generator", folder=str(folder.resolve()), image_shape=image_shape, name=name
        )


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

    def log_generator(
        self, folder: Path, image_shape: tuple[int, int, int], name: str = "generator"
    ) -> None:
        done, content = f"heitler.logged.{name}", file_digest(*sorted(folder.glob("*.*")))
        if mlflow.get_run(self.run_id).data.tags.get(done) == content:
            return
        versions = software()
        needed = [f"{name}=={versions[name]}" for name in ("tensorflow-cpu", "keras", "numpy")]
        mlflow.pyfunc.log_model(
            name=name,
            loader_module="heitler.generation.serving",
            data_path=str(folder),
            code_paths=[str(PACKAGE)],
            pip_requirements=[*needed, "pydantic", "pyyaml", "pandas"],
            signature=shower_signature(image_shape),
            input_example={"primary_energy_GeV": [20.0, 50.0]},
        )
        mlflow.MlflowClient().set_tag(self.run_id, done, content)

    def end(self, status: str) -> None:
        """Close the run."""
        mlflow.MlflowClient().set_terminated(self.run_id, status)


def shower_signature(image_shape: tuple[int, int, int]) -> ModelSignature:
    """Table of primary energies (and angles) in, cells (N, X, Y, Z) in GeV out."""
    # MLflow would refuse integers where it expects DataType.double.
    number = AnyType()  # type: ignore[no-untyped-call]
    columns: list[ColSpec | TensorSpec] = [
        ColSpec(number, "primary_energy_GeV"),
        ColSpec(number, "theta_rad", required=False),
    ]
    cells = TensorSpec(np.dtype(np.float32), (-1, *image_shape), "cells_GeV")
    seed = ParamSpec("seed", DataType.long, 1)
    return ModelSignature(Schema(columns), Schema([cells]), ParamSchema([seed]))


@contextlib.contextmanager
def open_run(
    name: str,
    *,
    run_id: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    datasets: Sequence[Dataset] = (),
) -> Iterator[Run]:
    """A run of this process, with system metrics; the run `run_id` again, if a store has it.

    Args:
        name: of a new run; a number is added if another run has it.
        run_id: of the run to continue.
        parameters: nested; logged as `section.key`.
        tags: nested; logged as `heitler.section.key`.
        datasets: what it uses.
    """
    os.environ.setdefault(*SYSTEM_METRICS_INTERVAL)

    def start() -> str:
        close_abandoned_runs()
        return _start(name, run_id, parameters or {}, tags or {}, datasets)

    tracked = TrackedRun(_or_offline(start))
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
    run_id: str | None,
    parameters: Mapping[str, Any],
    tags: Mapping[str, Any],
    datasets: Sequence[Dataset],
) -> str:
    """Start a run, or continue one; its id."""
    known = _connect_to(run_id)
    if not known:
        connect_new_offline(name) if is_offline() else connect()
    run_name = None if known else numbered(name)
    run = mlflow.start_run(run_id=known, run_name=run_name, log_system_metrics=True)
    mlflow.set_tag(PROCESS_TAG, this_process())
    if is_offline():
        make_findable(run)
    if not known:
        _describe(parameters, tags, datasets)
    return str(run.info.run_id)


def _or_offline(start: Callable[[], str]) -> str:
    """What `start` returns; where the store fails, that of an offline one."""
    try:
        return start()
    except Exception as error:  # whatever the store raises: the run goes on
        if is_offline():
            raise
        reason = " ".join(str(error).split())[:200]
        print(
            f"Warning: MLflow cannot be used ({reason}). The run goes on with a store of its own "
            "under mlruns/offline; `heitler sync` merges it later.",
            flush=True,
        )
        while mlflow.active_run():
            with contextlib.suppress(Exception):
                mlflow.end_run("KILLED")
        os.environ[OFFLINE] = "1"
        return start()


def _end(tracked: TrackedRun, status: str) -> None:
    """Close the run, in its store or later."""
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
