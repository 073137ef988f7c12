"""A sweep in MLflow: a run of its own, whose children are the runs of its trials."""

from collections.abc import Mapping

import mlflow
from mlflow import MlflowClient

from heitler.tracking.lookup import PROCESS_TAG, numbered, search
from heitler.tracking.processes import this_process
from heitler.tracking.runs import PARENT_TAG
from heitler.tracking.store import EXPERIMENT, connect

SWEEP_TAG = "heitler.sweep"


def sweep_run(name: str) -> str:
    """Id of the run of the sweep called `name`; a sweep that goes on has it already."""
    connect()
    client = MlflowClient()
    known = search(client, f"tags.`{SWEEP_TAG}` = '{name}'")
    if known:
        return str(known[0].info.run_id)
    experiment = mlflow.set_experiment(EXPERIMENT)
    tags = {SWEEP_TAG: name, PROCESS_TAG: this_process()}
    made = client.create_run(experiment.experiment_id, run_name=numbered(name), tags=tags)
    return str(made.info.run_id)


def end_sweep(run_id: str, best: Mapping[str, object], value: float) -> None:
    """Log the best parameters and what they reached; close the run."""
    client = MlflowClient()
    client.log_metric(run_id, "best", value)
    for key, chosen in best.items():
        client.set_tag(run_id, f"heitler.best.{key}", str(chosen))
    client.set_terminated(run_id)


def epoch_scores(parent: str, experiment: str, recipe: str, metric: str) -> dict[int, float]:
    """A metric after each epoch so far of a recipe's training in a DVC experiment whose run is a
    child of `parent`: {epoch: value}."""
    connect()
    client = MlflowClient()
    tags = {PARENT_TAG: parent, "heitler.dvc.experiment": experiment, "heitler.recipe": recipe}
    runs = search(client, " AND ".join(f"tags.`{key}` = '{tag}'" for key, tag in tags.items()))
    return {
        point.step: point.value
        for run in runs[-1:]
        for point in client.get_metric_history(run.info.run_id, metric)
    }
