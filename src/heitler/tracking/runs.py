"""MLflow runs. Rank 0 has a real one; the other workers' `SilentRun` does nothing."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
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

from heitler.tracking.lookup import (
    PROCESS_TAG,
    close_abandoned_runs,
    connect_to_run,
    numbered,
)
from heitler.tracking.offline import connect_new_offline, is_offline, make_findable
from heitler.tracking.processes import this_process
from heitler.tracking.provenance import PACKAGE, software
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


class MlflowRun:
    """A run in the store."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._last_epoch = int(mlflow.get_run(run_id).data.metrics.get("epoch", 0))

    def log_epoch(self, metrics: Mapping[str, float], epoch: int) -> None:
        if epoch > self._last_epoch:
            mlflow.log_metrics({**metrics, "epoch": epoch}, step=epoch, run_id=self.run_id)
            self._last_epoch = epoch

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        numbers = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
        mlflow.log_metrics(numbers, run_id=self.run_id)

    def log_tags(self, tags: Mapping[str, Any]) -> None:
        for key, value in flatten(tags):
            mlflow.MlflowClient().set_tag(self.run_id, f"heitler.{key}", value)

    def log_files(self, folder: Path, name: str) -> None:
        mlflow.log_artifacts(str(folder), name, run_id=self.run_id)

    def log_generator(
        self, folder: Path, image_shape: tuple[int, int, int], name: str = "generator"
    ) -> None:
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
    close_abandoned_runs()
    known = _connect_to(run_id)
    if not known:
        connect_new_offline(name) if is_offline() else connect()
    run_name = None if known else numbered(name)
    run = mlflow.start_run(run_id=known, run_name=run_name, log_system_metrics=True)
    status = "KILLED"
    try:
        mlflow.set_tag(PROCESS_TAG, this_process())
        if is_offline():
            make_findable(run)
        if not known:
            _describe(parameters or {}, tags or {}, datasets)
        yield MlflowRun(run.info.run_id)
        status = "FINISHED"
    except Exception:
        status = "FAILED"
        raise
    finally:
        mlflow.end_run(status)


def attach_run(name: str, run_id: str | None) -> Run:
    """The run `run_id` to add results to; its status and system metrics stay as they are.

    If no store has it, a new run called `name`.
    """
    known = _connect_to(run_id)
    if not known:
        with open_run(name) as new:
            return new
    return MlflowRun(known)


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
