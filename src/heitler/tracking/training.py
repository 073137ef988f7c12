"""One MLflow run per training: opened by rank 0, continued on resume, added to by later stages.

It keeps the state of the project, so that `heitler checkout` can go back to it.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from heitler.base.files import digest, write_json
from heitler.config import Config, TrainConfig, as_dict
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import Dataset, Run, SilentRun, attach_run, open_run

FOLDER = "restore"
"""Among the artifacts of a run."""
FILES = ("params.yaml", "dvc.lock")


def log_state(run: Run, root: Path = Path()) -> None:
    """Keep `params.yaml` and `dvc.lock` with a run; a later stage's are kept instead."""
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            if (root / name).is_file():
                shutil.copy(root / name, folder)
        run.log_files(Path(folder), FOLDER)


RUN_FILE = "run.json"
SECTIONS = ("detector", "simulate", "prepare", "model", "train", "cluster")
"""The parameters that lead to a training; later stages add theirs as tags."""
TRAINED_ON = ("data/tables", "data/showers", "data/prepared")


@contextlib.contextmanager
def track_training(
    config: Config,
    folder: Path,
    fingerprint: str,
    datasets: Sequence[Dataset],
    *,
    active: bool,
) -> Iterator[Run]:
    """A run for the training in `folder`, or the run of the same training that was interrupted.

    A training that goes on from the checkpoints of a finished one, or with other parameters, has
    a run of its own. The id is kept in `folder/run.json`, where later stages find it.
    """
    if not active:
        yield SilentRun()
        return
    parameters = {name: values for name, values in as_dict(config).items() if name in SECTIONS}
    training = digest([fingerprint, parameters | {"cluster": None}])  # may resume elsewhere
    experiment = os.environ.get("DVC_EXP_NAME", "")
    recipe = config.model.recipe
    opened = open_run(
        f"{experiment}-{recipe}" if experiment else _name(recipe, config.train),
        run_id=_run_before(folder, training),
        unfinished_only=True,
        parameters=parameters,
        tags=_provenance() | {"dvc": {"experiment": experiment}, "recipe": recipe},
        datasets=datasets,
    )
    with opened as run:
        write_json(folder / RUN_FILE, {"run_id": run.run_id, "training": training})
        log_state(run)
        yield run


def training_run(folder: Path, **sections: Any) -> Run:
    """The run of the training in `folder`, to add a later stage's results to.

    Its parameters, named sections of the configuration, become tags: `heitler.validate.seed`.
    """
    run = attach_run("added-results", _read(folder).get("run_id"))
    run.log_tags({name: as_dict(section) for name, section in sections.items()})
    return run


def _name(recipe: str, train: TrainConfig) -> str:
    """Such as `paper-2w-b8-5ep`: short enough for MLflow's table not to cut it off."""
    return f"{recipe}-{train.workers}w-b{train.global_batch_size}-{train.epochs}ep"


def _provenance() -> dict[str, dict[str, Any]]:
    found = collect_provenance()
    # dvc.lock still has what an earlier training led to.
    found["data"] = {name: value for name, value in found["data"].items() if name in TRAINED_ON}
    return found


def _run_before(folder: Path, training: str) -> str | None:
    before = _read(folder)
    return before["run_id"] if before.get("training") == training else None


def _read(folder: Path) -> dict[str, str]:
    path = folder / RUN_FILE
    content: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return content
