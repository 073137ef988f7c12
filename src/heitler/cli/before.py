"""Before a command becomes DVC: what `--only` takes as given, and a name lent to git."""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from heitler.base.dvc_lock import free_lock
from heitler.base.errors import HeitlerError
from heitler.base.identity import with_identity
from heitler.base.locks import require_locks
from heitler.base.stage import PIPELINE

Stages = dict[str, dict[str, Any]]
RESULTS = ("outs", "metrics", "plots")


class MissingResultError(HeitlerError):
    """What a stage reads is not there."""


def require_results_before(stage: str, given: str) -> None:
    """Raise MissingResultError unless all that a stage reads is there.

    Args:
        stage: as DVC calls it, or the part of its name before a recipe's, which means all of them.
        given: the stage whose results are made all the same.
    """
    stages = _load_stages()
    for name, about in stages.items():
        if stage in (name, name.partition("@")[0]):
            for path in map(Path, about.get("deps", [])):
                maker = _maker_of(path, stages)
                if maker not in (given, "") and not path.exists():
                    command = f"heitler {stage.replace('@', ' ')}"
                    raise MissingResultError(
                        f"{command} --only: {path} is not there, which the stage {maker} makes. "
                        f"Without --only the stages before it run first: {command}\n"
                        f"Or, where DVC's cache or remote has it: dvc checkout {maker}, "
                        f"dvc pull {maker}"
                    )


def _load_stages() -> Stages:
    """By DVC's names, with each recipe in its place."""
    found = {}
    for name, about in yaml.safe_load(PIPELINE.read_text())["stages"].items():
        for recipe in about.get("matrix", {}).get("recipe", [""]):
            text = json.dumps(about).replace("${item.recipe}", recipe)
            found[f"{name}@{recipe}" if recipe else name] = json.loads(text)
    return found


def _maker_of(path: Path, stages: Stages) -> str:
    """The stage that writes a file or folder, or the folder that it is in; "" if none does."""
    for name, about in stages.items():
        written = [out for kind in RESULTS for out in about.get(kind, [])]
        for out in written:
            place = Path(out if isinstance(out, str) else next(iter(out)))
            if place in (path, *path.parents) or path in place.parents:
                return name
    return ""


SAME = (
    "params.yaml has these values already: what was interrupted goes on, and becomes no DVC "
    "experiment of its own."
)
"""Why it is `dvc repro` then: a second `dvc exp run` would begin anew, because DVC puts the outputs
that `dvc.lock` knows in their place."""


def become(
    command: Sequence[str], *, dry_run: bool, variables: Mapping[str, str] | None = None
) -> None:
    """Become `dvc ...`, with a name for git lent where there is none; or print the command."""
    if dry_run:
        print(shlex.join(command))
        return
    require_locks()
    free_lock()
    environment = with_identity() | dict(variables or {})
    os.execve(sys.executable, [sys.executable, "-m", *command], environment)
