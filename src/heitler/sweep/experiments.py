"""DVC's experiments as rows: parameters and metrics by dotted names."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from heitler.base.errors import HeitlerError
from heitler.sweep.staleness import stale_stages

COMMITS = 10
"""Experiments of so many latest commits are found; reading all takes long in an old repository."""


class SweepError(HeitlerError):
    """A sweep cannot be made or shown."""


@dataclass(frozen=True)
class Experiment:
    """One experiment that DVC knows."""

    name: str
    parameters: Mapping[str, Any]
    """Such as "train.workers"; lists stay lists."""
    metrics: Mapping[str, float]
    """By the stage's name and the metric's: "train@heitler.epoch_time_s"; not what a stage that it
    did not run has left."""


def load_experiments(prefix: str = "") -> list[Experiment]:
    """Finished experiments of the latest commits whose names begin with `prefix`, by name.

    Raises:
        SweepError: if DVC cannot list them.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "exp", "show", "--json", "--num", str(COMMITS)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SweepError(f"dvc exp show failed: {done.stderr.strip() or 'no reason given'}")
    found = {e.name: e for e in read_experiments(json.loads(done.stdout))}
    return [found[name] for name in sorted(found) if name.startswith(prefix)]


def read_experiments(shown: Sequence[Mapping[str, Any]]) -> Iterator[Experiment]:
    """Finished experiments in the output of `dvc exp show --json`."""
    for commit in shown:
        for experiment in commit.get("experiments") or ():
            for revision in experiment.get("revs") or ():
                data = revision.get("data")
                if revision.get("name") and data:
                    left_over = stale_stages(revision["rev"])
                    yield Experiment(
                        revision["name"],
                        dict(_flat(_contents(data["params"]))),
                        {
                            name: float(value)
                            for path, content in _files(data["metrics"])
                            for name, value in _flat(content, f"{_stage(path)}.")
                            if isinstance(value, int | float) and _stage(path) not in left_over
                        },
                    )


def differing(experiments: Sequence[Experiment]) -> list[str]:
    """Names of the parameters that are not the same in all experiments."""
    names = dict.fromkeys(name for e in experiments for name in e.parameters)
    return [n for n in names if len({repr(e.parameters.get(n)) for e in experiments}) > 1]


def _files(files: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, entry in files.items():
        if isinstance(entry.get("data"), Mapping):
            yield path, entry["data"]


def _contents(files: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for _, content in _files(files) for name, value in content.items()}


def _stage(path: str) -> str:
    """DVC's name: reports/scale/metrics.json -> scale, reports/train/paper/... -> train@paper."""
    folders = PurePosixPath(path).parts[1:-1]
    return "@".join(folders) or path


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
