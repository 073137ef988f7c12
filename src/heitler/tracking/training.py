"""One MLflow run per training: opened by rank 0, continued on resume, added to by later stages."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from heitler.config import Config, as_dict
from heitler.files import write_json
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import Run, SilentRun, open_run

RUN_FILE = "run.json"


@contextlib.contextmanager
def track_training(
    config: Config,
    folder: Path,
    fingerprint: str,
    datasets: Mapping[str, tuple[NDArray[Any], str]],
    *,
    active: bool,
) -> Iterator[Run]:
    """The run of the training in `folder`: the one it had, if it is the same training.

    The run's id is kept in `folder/run.json`, so that a resumed training and later stages find it.
    """
    if not active:
        yield SilentRun()
        return
    before = _read(folder)
    run_id = before["run_id"] if before.get("fingerprint") == fingerprint else None
    experiment = os.environ.get("DVC_EXP_NAME", "")
    tags = collect_provenance() | {"dvc": {"experiment": experiment}}
    name = experiment or f"train-{config.train.workers}-workers"
    opened = open_run(name, run_id=run_id, parameters=as_dict(config), tags=tags, datasets=datasets)
    with opened as run:
        write_json(folder / RUN_FILE, {"run_id": run.run_id, "fingerprint": fingerprint})
        yield run


def continue_training_run(folder: Path) -> AbstractContextManager[Run]:
    """The run of the training in `folder` again, to add a later stage's results."""
    return open_run("added-results", run_id=_read(folder).get("run_id"))


def _read(folder: Path) -> dict[str, str]:
    path = folder / RUN_FILE
    content: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return content
