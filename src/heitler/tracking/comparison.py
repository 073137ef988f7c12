"""The table that a person would make by hand across runs: trainings and points of a sweep."""

import difflib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from heitler.base.errors import HeitlerError
from heitler.tracking.lookup import search
from heitler.tracking.provenance import experiment_revision
from heitler.tracking.store import connect, is_offline

LATEST = 8
"""Runs to compare if none is named."""
SPEED = "showers_per_second"
EXPERIMENT_TAG = "heitler.dvc.experiment"
Cell = str | float | None


class ComparisonError(HeitlerError):
    """A run to compare is not there."""


@dataclass(frozen=True)
class Column:
    """One column of the table."""

    name: str
    """As in the CSV file, with its unit."""
    heading: str
    decimals: int
    value: Callable[["_Run", "_Run"], Cell]
    """Computed from a run and the first run of its recipe in the table."""


def compare_runs(names: Sequence[str]) -> list[dict[str, Cell]]:
    """One row per run, with the names of `COLUMNS`; None where a run has no such value.

    `mlflow_page` is the run's page, to be put behind the address of MLflow's server.

    Args:
        names: run ids (or their first characters), run names or names of DVC experiments, which
            stand for the trainings of their recipes; a sweep stands for its points. Without any:
            the latest finished trainings, or else the latest sweep.

    Raises:
        ComparisonError: naming similar runs, if one is not there.
    """
    connect()
    client = MlflowClient()
    runs = search(client)
    chosen = [run for name in names for run in _find(name, runs)] if names else _latest(runs)
    if not chosen:
        raise ComparisonError("No finished run in MLflow yet. Make one: dvc repro")
    wrapped = [_Run(client, run) for run in chosen]
    return [
        {c.name: c.value(run, _first(wrapped, run.recipe())) for c in COLUMNS}
        | {"mlflow_page": run.page()}
        for run in wrapped
    ]


def _first(runs: Sequence["_Run"], recipe: str | None) -> "_Run":
    """What the speed of runs of a recipe is compared with."""
    return next(run for run in runs if run.recipe() == recipe)


def latest_runs() -> list[dict[str, Cell]]:
    """Rows of the latest finished trainings; none where the main store has none or is not used."""
    try:
        return [] if is_offline() else compare_runs([])
    except ComparisonError:
        return []


class _Run:
    """Values of a run, by their names in MLflow."""

    def __init__(self, client: MlflowClient, run: Run) -> None:
        self.client, self.run = client, run
        self._histories: dict[str, list[float]] = {}

    def recipe(self) -> str | None:
        """What was trained."""
        name: str | None = self.run.data.params.get("model.recipe")
        return name

    def experiment(self) -> str | None:
        """DVC's name of it, and its revision: what `dvc exp show` has in its first columns."""
        name = self.run.data.tags.get(EXPERIMENT_TAG)
        revision = experiment_revision(name) if name else None
        return f"{name} ({revision[:7]})" if revision else name or None

    def page(self) -> str:
        """Address in MLflow's UI."""
        info = self.run.info
        return f"#/experiments/{info.experiment_id}/runs/{info.run_id}"

    def history(self, metric: str) -> list[float]:
        """A training's values after every epoch."""
        if metric not in self._histories:
            points = self.client.get_metric_history(self.run.info.run_id, metric)
            ordered = sorted(points, key=lambda point: point.step)
            self._histories[metric] = [point.value for point in ordered]
        return self._histories[metric]

    def median(self, metric: str) -> float | None:
        values = self.history(metric)
        return statistics.median(values) if values else None

    def share(self, metric: str) -> float | None:
        """Percent of the time of all epochs."""
        part, whole = self.history(metric), self.history("epoch_time_s")
        return 100 * sum(part) / sum(whole) if part and whole else None

    def last(self, metric: str) -> float | None:
        value: float | None = self.run.data.metrics.get(metric)
        return value

    def parameter(self, name: str) -> float | None:
        value = self.run.data.params.get(name)
        return float(value) if value else None

    def speed_up(self, first: "_Run") -> float | None:
        own, other = self.median(SPEED), first.median(SPEED)
        return own / other if own and other else None

    def efficiency(self, first: "_Run") -> float | None:
        """Percent: the speed-up over that of the number of workers."""
        speed_up, workers = self.speed_up(first), self.parameter("train.workers")
        before = first.parameter("train.workers")
        return 100 * speed_up * before / workers if speed_up and workers and before else None

    def batch_per_worker(self) -> float | None:
        batch = self.parameter("train.global_batch_size")
        workers = self.parameter("train.workers")
        return batch / workers if batch and workers else None


COLUMNS = (
    Column("run", "run", 0, lambda run, _: run.run.info.run_name),
    Column("run_id", "id", 0, lambda run, _: run.run.info.run_id[:8]),
    Column("experiment", "DVC experiment", 0, lambda run, _: run.experiment()),
    Column("recipe", "recipe", 0, lambda run, _: run.recipe()),
    Column("workers", "workers", 0, lambda run, _: run.parameter("train.workers")),
    Column("batch_per_worker", "batch per worker", 0, lambda run, _: run.batch_per_worker()),
    Column(
        "global_batch_size", "batch", 0, lambda run, _: run.parameter("train.global_batch_size")
    ),
    Column("epochs", "epochs", 0, lambda run, _: run.last("epoch")),
    Column("epoch_time_s", "s per epoch", 2, lambda run, _: run.median("epoch_time_s")),
    Column("showers_per_second", "showers / s", 2, lambda run, _: run.median(SPEED)),
    Column("speed_up", "speed-up", 2, lambda run, first: run.speed_up(first)),
    Column("efficiency_percent", "efficiency %", 1, lambda run, first: run.efficiency(first)),
    Column("communication_percent", "comm. %", 1, lambda run, _: run.share("communication_time_s")),
    Column("straggler_percent", "slowest %", 1, lambda run, _: run.share("straggler_wait_s")),
    Column("input_percent", "input %", 1, lambda run, _: run.share("input_wait_s")),
    Column(
        "discriminator_loss",
        "D loss (real)",
        2,
        lambda run, _: run.last("discriminator_real_total"),
    ),
    Column("generator_loss", "G loss", 2, lambda run, _: run.last("generator_1_total")),
    Column(
        "response_worst_deviation",
        "worst |R - 1|",
        3,
        lambda run, _: run.last("response_worst_deviation"),
    ),
)
"""Times are medians over epochs, shares are of all epochs, losses and response of the last."""


def _latest(runs: list[Run]) -> list[Run]:
    finished = [run for run in runs if run.info.status == "FINISHED" and SPEED in run.data.metrics]
    trainings = [run for run in finished if _parent(run) is None]
    sweep = [run for run in finished if _parent(run) == _parent(finished[-1])]
    latest = trainings[-LATEST:] or sweep  # the fewest workers first: others are compared to it
    return sorted(latest, key=lambda run: float(run.data.params.get("train.workers", 1)))


def _parent(run: Run) -> str | None:
    parent: str | None = run.data.tags.get(MLFLOW_PARENT_RUN_ID)
    return parent


def _find(name: str, runs: list[Run]) -> list[Run]:
    """The run of this name, the points of this sweep, or the trainings of this experiment."""
    found = find_run(name, runs)
    points = [run for run in runs if _parent(run) == found.info.run_id]
    own = [run for run in runs if run.data.tags.get(EXPERIMENT_TAG) == name]
    by_recipe = {run.data.params.get("model.recipe"): run for run in own}  # the latest of each
    return points or list(by_recipe.values()) or [found]


def find_run(name: str, runs: list[Run]) -> Run:
    """The run of this name, id (or its first characters) or DVC experiment; of several the latest.

    Raises:
        ComparisonError: naming similar ones.
    """
    matching = [
        run
        for run in runs
        if name in (run.info.run_name, run.data.tags.get(EXPERIMENT_TAG))
        or (len(name) >= 4 and run.info.run_id.startswith(name))
    ]
    if not matching:
        raise ComparisonError(
            f"{name}: no run of this name or id in MLflow. {_similar(name, runs)}"
        )
    return matching[-1]


def _similar(name: str, runs: list[Run]) -> str:
    known = {run.info.run_name for run in runs}
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {', '.join(close)}?"
    latest = list(dict.fromkeys(run.info.run_name for run in reversed(runs)))[:5]
    return f"The latest are {', '.join(latest)}." if latest else "There is none at all."
