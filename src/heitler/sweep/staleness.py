"""Which stages of an experiment made its results, and which left those of an earlier run.

An experiment holds the metrics of all stages, also of those that it did not run: DVC keeps their
files. `dvc.lock` tells what each stage was run with.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvc.utils.serialize import parse_yaml

from heitler.config import PARAMS_FILE
from heitler.tracking.provenance import git

Stages = Mapping[str, Mapping[str, Any]]


def stale_stages(revision: str | None = None) -> set[str]:
    """Stages whose results are not of the parameters or the data beside them.

    Args:
        revision: of git; None is the working copy.
    """
    lock = _content(revision, "dvc.lock").get("stages", {})
    return stale(lock, _content(revision, str(PARAMS_FILE)))


def stale(lock: Stages, parameters: Mapping[str, Any]) -> set[str]:
    """Of `dvc.lock`, those that were run with other parameters, or on what has changed since.

    Args:
        lock: its stages.
        parameters: content of `params.yaml`.
    """
    made = {out["path"]: (stage, out) for stage in lock for out in lock[stage].get("outs", ())}

    def is_fresh(stage: str) -> bool:
        used = lock[stage].get("params", {}).get(PARAMS_FILE.name, {})
        if any(_entry(parameters, name) != value for name, value in used.items()):
            return False
        inputs = [dep for dep in lock[stage].get("deps", ()) if dep["path"] in made]
        return all(
            made[dep["path"]][1].get("md5") == dep.get("md5") and is_fresh(made[dep["path"]][0])
            for dep in inputs
        )

    return {stage for stage in lock if not is_fresh(stage)}


def _content(revision: str | None, path: str) -> dict[str, Any]:
    """Of a YAML file, read as DVC does (1e-06 is a number); nothing without one."""
    if revision is None:
        text = Path(path).read_text() if Path(path).is_file() else ""
    else:
        text = git(Path(), "show", f"{revision}:{path}") or ""
    return parse_yaml(text, path) or {}


def _entry(nested: Any, name: str) -> Any:
    for key in name.split("."):
        nested = nested.get(key) if isinstance(nested, Mapping) else None
    return nested
