"""Going back to a run: its code from git, its parameters, and its data from DVC's cache."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from heitler.base.dvc_lock import LOCK, free_lock
from heitler.base.errors import HeitlerError
from heitler.base.git import git, require_git
from heitler.tracking.comparison import EXPERIMENT_TAG, find_run
from heitler.tracking.lookup import search
from heitler.tracking.provenance import experiment_revision
from heitler.tracking.store import connect
from heitler.tracking.training import FILES, FOLDER

COMMIT_TAG = "heitler.code.git_commit"
NO_COMMIT_TAG = "heitler.code.no_commit"
CHANGED_TAG = "heitler.code.uncommitted_changes"
DVC_CHECKOUT = (sys.executable, "-m", "dvc", "checkout")


class RestoreError(HeitlerError):
    """A run cannot be gone back to."""


@dataclass(frozen=True)
class Restored:
    """What is in the working copy now."""

    run_name: str
    run_id: str
    revision: str
    """Commit of the code; of a DVC experiment where it is one."""
    experiment: str
    """Its name, or nothing."""
    files: tuple[str, ...]
    """Written from the run's own record."""
    notes: tuple[str, ...]
    """What could not be restored exactly."""


def restore(name: str, root: Path = Path()) -> Restored:
    """Bring code, parameters and data of a run into the working copy.

    Args:
        name: run id (or its first characters), run name, or name of a DVC experiment.
        root: the project.

    Raises:
        RestoreError: if the working copy has changes that would be lost, or git or DVC refuse.
        GitError: if git does not answer here.
        ComparisonError: if there is no such run.
    """
    connect()
    run = find_run(name, search(MlflowClient()))
    tags = run.data.tags
    _require_clean(root)
    free_lock(root / LOCK)
    experiment = tags.get(EXPERIMENT_TAG, "")
    revision = experiment_revision(experiment, root) if experiment else None
    found = revision or tags.get(COMMIT_TAG)
    if not found:
        why = tags.get(NO_COMMIT_TAG, "it was recorded by an earlier version")
        raise RestoreError(f"Run {run.info.run_name} does not say from which commit it is: {why}")
    before = _head(root)
    _call(root, "git", "switch", "--quiet", "--detach", found)
    files, unread = ((), "") if revision else _write_record(run.info.run_id, root)
    try:
        _call(root, *DVC_CHECKOUT)
    except RestoreError as error:  # code and parameters go back, and the data that was taken
        for name in files:  # perhaps no part of that commit, and so in git's way
            (root / name).unlink()
        _call(root, "git", "switch", "--quiet", "--discard-changes", *before)
        subprocess.run(DVC_CHECKOUT, cwd=root, capture_output=True)
        raise RestoreError(
            f"{error}\nAll is as before. Data that an unfinished stage left is not in DVC's cache: "
            "finish the stage with `dvc repro`, or give it up with `dvc checkout --force`."
        ) from None
    notes = []
    if not revision and tags.get(CHANGED_TAG) == "True":
        notes.append("Its code had uncommitted changes, which are kept nowhere.")
    if not revision and not files:
        notes.append(f"{unread or 'It kept no params.yaml and dvc.lock'}: these are the commit's.")
    return Restored(
        run.info.run_name, run.info.run_id, found, experiment if revision else "", files,
        tuple(notes),
    )  # fmt: skip


def _head(root: Path) -> tuple[str, ...]:
    """What `git switch` has to be told to come back here."""
    if branch := git(root, "symbolic-ref", "--quiet", "--short", "HEAD"):
        return (branch,)
    return ("--detach", git(root, "rev-parse", "HEAD") or "HEAD")


def _require_clean(root: Path) -> None:
    require_git(root)
    if changed := git(root, "status", "--porcelain", "--untracked-files=no"):
        files = ", ".join(line[2:].strip() for line in changed.splitlines()[:4])
        raise RestoreError(
            f"Uncommitted changes would be lost ({files} ...). Commit them, or put them aside: "
            "git stash"
        )


def _write_record(run_id: str, root: Path) -> tuple[tuple[str, ...], str]:
    """The run's own `params.yaml` and `dvc.lock`, where it has them, or why they were not read."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            if not MlflowClient().list_artifacts(run_id, FOLDER):
                return (), ""
            kept = Path(
                mlflow.artifacts.download_artifacts(
                    run_id=run_id, artifact_path=FOLDER, dst_path=folder
                )
            )
        except (mlflow.MlflowException, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            return (), f"Its own params.yaml and dvc.lock could not be fetched ({reason})"
        names = tuple(name for name in FILES if (kept / name).is_file())
        for name in names:
            shutil.copy(kept / name, root / name)
    return names, ""


def _call(root: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        what = " ".join(command[1:] if command[0] != "git" else command)
        raise RestoreError(f"{what} failed:\n{(done.stderr or done.stdout).strip()}")
