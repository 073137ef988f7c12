"""A sweep in which Optuna chooses the next parameters from the results so far.

Each trial is a DVC experiment of the same stage that `dvc repro` runs, in a copy of the project, so
that the working copy stays as it is. Sampler: TPE [Bergstra et al. 2011].
"""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from heitler.sweep.experiments import SweepError, load_experiments
from heitler.sweep.space import Space

STUDIES = Path("mlruns/optuna.db")
"""Beside MLflow's runs; a sweep of the same name goes on."""
Evaluate = Callable[[str, Mapping[str, Any]], float | None]
"""Run an experiment of this name with these parameters; its metric, or None if it failed."""


@dataclass(frozen=True)
class Sweep:
    """What to sweep."""

    name: str
    space: Space
    trials: int
    """In all, with those of earlier starts."""
    maximise: bool
    seed: int


def run_sweep(sweep: Sweep, evaluate: Evaluate, storage: str | None = None) -> optuna.Study:
    """Run what is missing of the trials; Ctrl-C keeps the finished ones.

    Raises:
        SweepError: if every trial failed.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    STUDIES.parent.mkdir(exist_ok=True)
    study = optuna.create_study(
        study_name=sweep.name,
        storage=storage or f"sqlite:///{STUDIES}",
        direction="maximize" if sweep.maximise else "minimize",
        sampler=optuna.samplers.TPESampler(seed=sweep.seed),
        load_if_exists=True,
    )
    before = len([t for t in study.trials if t.state.is_finished()])
    for number in range(before + 1, sweep.trials + 1):
        trial = study.ask()
        chosen = {key: values.choose(trial, key) for key, values in sweep.space.items()}
        shown = " ".join(f"{key}={value}" for key, value in chosen.items())
        print(f"Trial {number} of {sweep.trials}: {shown}", flush=True)
        value = evaluate(f"{sweep.name}-{trial.number + 1:03d}", chosen)
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, value)
            print(
                f"Trial {number}: {value:.6g}; the best so far {study.best_value:.6g}", flush=True
            )
    if not any(t.state is optuna.trial.TrialState.COMPLETE for t in study.trials):
        raise SweepError(f"All trials of {sweep.name} failed; their messages are above.")
    return study


def dvc_experiment(stage: str, metric: str, fixed: tuple[str, ...]) -> Evaluate:
    """Trials as DVC experiments up to a stage.

    Args:
        stage: the last one to run.
        metric: such as "train.selection_score".
        fixed: further overrides, the same in all trials.
    """

    def evaluate(name: str, parameters: Mapping[str, Any]) -> float | None:
        values = [*fixed, *(f"{key}={value}" for key, value in parameters.items())]
        options = [word for value in values for word in ("--set-param", value)]
        command = ["dvc", "exp", "run", "--temp", "--name", name, *options, stage]
        if subprocess.run([sys.executable, "-m", *command]).returncode:
            return None
        return metric_of(name, metric)

    return evaluate


def metric_of(name: str, metric: str) -> float:
    """The value that an experiment ended with.

    Raises:
        SweepError: naming similar metrics, if it has no such metric.
    """
    experiment = next((e for e in load_experiments(name) if e.name == name), None)
    if experiment is None:
        raise SweepError(f"{name} ran, but DVC does not list it: dvc exp show --all-commits")
    if metric not in experiment.metrics:
        stage = metric.partition(".")[0]
        near = [known for known in experiment.metrics if known.startswith(f"{stage}.")]
        known = ", ".join(near or experiment.metrics) or "none"
        raise SweepError(f"{name} has no metric {metric}. It has: {known}.")
    return experiment.metrics[metric]
