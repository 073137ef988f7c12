"""A sweep in which Optuna chooses the next parameters from the results so far.

Each trial is a DVC experiment of the same stage that `dvc repro` runs, in a copy of the project, so
that the working copy stays as it is, and a child of the sweep's run in MLflow. A trial that is
worse than the median of the others at the same epoch is ended: Golovin et al. 2017 (Google Vizier),
section 3.2; Optuna's MedianPruner, after every epoch, on validation showers.
Sampler: TPE [Bergstra et al. 2011]; its "constant liar" keeps trials at the same time apart.
"""

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend

from heitler.base.identity import with_identity
from heitler.config import OURS, for_dvc, read_params
from heitler.sweep.experiments import SweepError, load_experiments
from heitler.sweep.space import Space
from heitler.tracking.runs import PARENT_VARIABLE
from heitler.tracking.studies import epoch_scores

SCORE = "selection_score"
MEDIAN = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
"""The first 4 trials run to their end, and every trial for more than one epoch."""
LOOK_EVERY_S = 5.0


def follow(
    process: subprocess.Popen[bytes],
    trial: optuna.Trial,
    scores: Callable[[], Mapping[int, float]],
    look_every_s: float = LOOK_EVERY_S,
) -> int:
    """Wait for a trial's process, which leads a process group; its exit status.

    Args:
        process: asked to stop as by Ctrl-C if the trial is pruned, or if this process is stopped.
        trial: told every new score.
        scores: {epoch: score} so far.
        look_every_s: between two looks at the scores.

    Raises:
        optuna.TrialPruned: when the process has ended, if the trial was worse than the median.
    """
    known: set[int] = set()
    while True:
        try:
            return process.wait(look_every_s)
        except subprocess.TimeoutExpired:
            new = {epoch: score for epoch, score in scores().items() if epoch not in known}
        except (KeyboardInterrupt, SystemExit):  # the latter at SIGTERM: heitler.base.stage
            _stop(process)
            raise
        known |= set(new)
        for epoch, score in sorted(new.items()):
            trial.report(score, epoch)
            if trial.should_prune():
                _stop(process)
                raise optuna.TrialPruned(
                    f"ended after epoch {epoch}: {SCORE} {score:.4g} is worse than the median"
                )


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)
    process.wait()


STUDIES = Path("mlruns/optuna.log")
"""Beside MLflow's runs; a sweep of the same name goes on. Safe on a cluster's file system."""
Evaluate = Callable[[optuna.Trial, str, Mapping[str, Any]], float | None]
"""Run an experiment of this name with these parameters; its metric, or None if it failed."""
SEEDS = 100_000
"""More than there are trials: makes seeds of (sweep, trial)."""
END = optuna.trial.TrialState
STOPPED = "stopped"
"""Attribute of a trial that was ended with the sweep: it does not count, and is run again."""


@dataclass(frozen=True)
class Sweep:
    """What to sweep."""

    name: str
    space: Space
    trials: int
    """In all, with those of earlier starts."""
    maximise: bool
    seed: int


def run_sweep(
    sweep: Sweep, evaluate: Evaluate, storage: BaseStorage | None = None, *, one: bool = False
) -> optuna.Study:
    """Run what is missing of the trials, or exactly one more.

    Ctrl-C and SIGTERM keep the finished ones; the trial that they stop is the first to be run
    when the sweep goes on.

    Raises:
        SweepError: if every trial failed.
    """
    study = open_study(sweep, storage)
    done = len([t for t in study.trials if t.state.is_finished() and STOPPED not in t.user_attrs])
    for number in range(done + 1, done + 2 if one else sweep.trials + 1):
        _run_trial(study, sweep, number, evaluate)
    if not any(t.state is END.COMPLETE for t in study.trials):
        raise SweepError(f"All trials of {sweep.name} failed; their messages are above.")
    return study


def open_study(sweep: Sweep, storage: BaseStorage | None = None) -> optuna.Study:
    """The study of this name, with the trials of earlier starts."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    STUDIES.parent.mkdir(exist_ok=True)
    return optuna.create_study(
        study_name=sweep.name,
        storage=storage or JournalStorage(JournalFileBackend(str(STUDIES))),
        direction="maximize" if sweep.maximise else "minimize",
        pruner=optuna.pruners.NopPruner() if sweep.maximise else MEDIAN,
        load_if_exists=True,
    )


def _run_trial(study: optuna.Study, sweep: Sweep, number: int, evaluate: Evaluate) -> None:
    trial = study.ask()
    # Of the trial's number: neither a sweep that goes on nor one at the same time draws it again.
    seed = SEEDS * sweep.seed + trial.number
    study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    chosen = {key: values.choose(trial, key) for key, values in sweep.space.items()}
    shown = " ".join(f"{key}={value}" for key, value in chosen.items())
    left = _time_left(study, sweep.trials - number + 1)
    print(f"Trial {number} of {sweep.trials}{left}: {shown}", flush=True)
    try:
        value = evaluate(trial, f"{sweep.name}-{trial.number + 1:03d}", chosen)
    except optuna.TrialPruned as pruned:
        study.tell(trial, state=END.PRUNED)
        print(f"Trial {number}: {pruned}", flush=True)
        return
    except (KeyboardInterrupt, SystemExit):
        trial.set_user_attr(STOPPED, True)
        study.tell(trial, state=END.FAIL)
        study.enqueue_trial(trial.params)
        raise
    if value is None:
        study.tell(trial, state=END.FAIL)
        return
    study.tell(trial, value)
    print(f"Trial {number}: {value:.6g}; the best so far {study.best_value:.6g}", flush=True)


def _time_left(study: optuna.Study, trials: int) -> str:
    """For so many trials, from the finished ones' median duration; empty before the first."""
    seconds = [t.duration.total_seconds() for t in study.trials if t.duration]
    if not seconds or trials < 1:
        return ""
    minutes = statistics.median(seconds) * trials / 60
    return f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"


def dvc_experiment(stage: str, metric: str, fixed: tuple[str, ...], parent: str) -> Evaluate:
    """Trials as DVC experiments up to a stage.

    Args:
        stage: the last one to run.
        metric: such as "train@heitler.selection_score".
        fixed: further overrides, the same in all trials.
        parent: the sweep's run in MLflow.
    """

    recipe = stage.partition("@")[2] or OURS

    def evaluate(trial: optuna.Trial, name: str, parameters: Mapping[str, Any]) -> float | None:
        values = [*fixed, *(f"{key}={value}" for key, value in parameters.items())]
        known = read_params()
        options = [word for value in values for word in ("--set-param", for_dvc(known, value))]
        command = ["dvc", "exp", "run", "--temp", "--name", name, *options, stage]
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=with_identity() | {PARENT_VARIABLE: parent},
            process_group=0,
        )
        if follow(process, trial, lambda: epoch_scores(parent, name, recipe, SCORE)):
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
