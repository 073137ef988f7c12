"""What MLflow is told of the studies: scaling, large batches, evolution, sweeps.

Each is a parent run with a child per row of its table: numbers of workers, arms and seeds,
strategies and seeds. The children of scaling have parameters and metrics of the names that
trainings have, so that the two can be compared in one table.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient

from heitler.base.progress import progress_bar
from heitler.config import Config, as_dict
from heitler.tracking.lookup import PROCESS_TAG, numbered, search, this_process
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import PARENT_TAG, Run, open_run
from heitler.tracking.store import EXPERIMENT, connect

KIND_TAG = "heitler.scale.kind"
PARTS = {
    "compute_time_s": "cycle_compute_s",
    "communication_time_s": "cycle_communication_s",
    "straggler_wait_s": "cycle_straggler_wait_s",
    "input_wait_s": "cycle_input_wait_s",
}
"""Metric of a training, s per epoch: column of the table, s per cycle."""
AS_THEY_ARE = (
    "workers",
    "cycle_time_s",
    "epoch_time_s",
    "showers_per_second",
    "showers_per_second_low",
    "showers_per_second_high",
    "speed_up",
    "efficiency",
    "efficiency_low",
    "efficiency_high",
    "efficiency_against_independent",
    "efficiency_against_independent_low",
    "efficiency_against_independent_high",
    "energy_J_per_shower",
)
History = Sequence[Mapping[str, float]]


def log_sweep(
    config: Config,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    figures: Path,
) -> str:
    """Log a finished sweep; the id of the parent run.

    Args:
        config: of the sweep.
        name: of the parent run.
        rows: of `heitler.scaling.efficiency.compare_points`.
        metrics: of the parent.
        figures: a folder with what to attach.
    """
    sections = {key: values for key, values in as_dict(config).items() if key in ("model", "scale")}
    with open_run(name, parameters=sections, tags=collect_provenance()) as parent:
        parent.log_metrics(metrics)
        parent.log_files(figures, "scale")
        for row in rows:
            _log_point(parent, row)
    return parent.run_id


def _log_point(parent: Run, row: Mapping[str, Any]) -> None:
    epoch_over_cycle = row["epoch_time_s"] / row["cycle_time_s"]
    metrics = {key: float(row[key]) for key in AS_THEY_ARE if row[key] is not None}
    metrics |= {name: epoch_over_cycle * row[column] for name, column in PARTS.items()}
    setting = {
        "train": {"workers": row["workers"], "global_batch_size": row["global_batch_size"]},
        "cluster": {"threads_per_worker": row["threads_per_worker"]},
        "model": {"kernels": row["kernels"]},
        "scale": {"per_worker_batch_size": row["per_worker_batch_size"], "onednn": row["onednn"]},
    }
    parent.log_child(_name(row), parameters=setting, tags={KIND_TAG: row["kind"]}, metrics=metrics)


def _name(row: Mapping[str, Any]) -> str:
    """Such as `weak-2w`, `plain-no-onednn`: short enough for MLflow's table not to cut it off."""
    if row["kind"] == "software":
        return f"{row['kernels']}{'' if row['onednn'] else '-no-onednn'}"
    return f"{row['kind']}-{row['workers']}w"


def log_study(
    config: Config,
    arms: Mapping[tuple[str, int], tuple[Config, History, Mapping[str, float]]],
    metrics: Mapping[str, Any],
    figures: Path,
) -> str:
    """Log a finished study; the id of the parent run.

    Args:
        config: params.yaml as a whole.
        arms: by name and seed, the arm's own configuration, its history, and how it was judged.
        metrics: of the study.
        figures: folder with its figures.
    """
    study = {key: value for key, value in as_dict(config.degradation).items() if key != "arms"}
    with open_run(
        "degradation", parameters={"degradation": study}, tags=collect_provenance()
    ) as parent:
        parent.log_metrics(metrics)
        parent.log_files(figures, "degradation")
        for (name, seed), (own, history, judged) in arms.items():
            sections = {"model": as_dict(own.model), "train": as_dict(own.train)}
            parent.log_child(
                f"{name}-{seed}",
                parameters={"degradation": {"arm": name}, **sections},
                metrics=judged,
                history=history,
            )
    return parent.run_id


def log_evolution(
    config: Config,
    histories: Mapping[tuple[str, int], History],
    metrics: Mapping[str, Any],
    figures: Path,
) -> str:
    """Log finished runs, every generation of each; the id of the parent run."""
    sections = {"evolve": as_dict(config.evolve)}
    with open_run("evolve", parameters=sections, tags=collect_provenance()) as parent:
        parent.log_metrics(metrics)
        parent.log_files(figures, "evolve")
        with progress_bar("every generation to MLflow", len(histories)) as advance:
            for (name, seed), history in histories.items():
                setting = {"evolve": {"strategy": name, "seed": seed}}
                parent.log_child(f"{name}-{seed}", parameters=setting, history=history, step="step")
                advance(note=f"{name}, seed {seed}")
    return parent.run_id


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
