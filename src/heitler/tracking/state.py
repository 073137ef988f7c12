"""The state of a project that a run keeps, so that `heitler checkout` can go back to it."""

import shutil
import tempfile
from pathlib import Path

from heitler.tracking.runs import Run

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
