"""Evolutions in MLflow: a parent run, and a child for every strategy and seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow

from heitler.config import Config, as_dict
from heitler.tracking.histories import log_history
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import open_run

History = Sequence[Mapping[str, float]]


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
        for (name, seed), history in histories.items():
            with mlflow.start_run(nested=True, run_name=f"{name}-{seed}") as child:
                mlflow.log_params({"evolve.strategy": name, "evolve.seed": seed})
                log_history(child.info.run_id, history, step="step")
    return parent.run_id
