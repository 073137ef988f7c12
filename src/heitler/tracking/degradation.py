"""The large-batch study in MLflow: a parent run, and a child for every arm and seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow

from heitler.config import Config, as_dict
from heitler.tracking.histories import log_history
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import flatten, open_run

History = Sequence[Mapping[str, float]]


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
            with mlflow.start_run(nested=True, run_name=f"{name}-{seed}") as child:
                sections = {"model": as_dict(own.model), "train": as_dict(own.train)}
                mlflow.log_params(dict(flatten({"degradation": {"arm": name}, **sections})))
                log_history(child.info.run_id, history, step="epoch")
                mlflow.log_metrics(dict(judged))
    return parent.run_id
