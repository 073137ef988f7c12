"""The large-batch study in MLflow: a parent run, and a child for every arm and seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heitler.config import Config, as_dict
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.runs import open_run

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
            sections = {"model": as_dict(own.model), "train": as_dict(own.train)}
            parent.log_child(
                f"{name}-{seed}",
                parameters={"degradation": {"arm": name}, **sections},
                metrics=judged,
                history=history,
            )
    return parent.run_id
