"""Evolutions in MLflow: a parent run, and a child for every strategy and seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heitler.base.progress import progress_bar
from heitler.config import Config, as_dict
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
        with progress_bar("every generation to MLflow", len(histories)) as advance:
            for (name, seed), history in histories.items():
                setting = {"evolve": {"strategy": name, "seed": seed}}
                parent.log_child(f"{name}-{seed}", parameters=setting, history=history, step="step")
                advance(note=f"{name}, seed {seed}")
    return parent.run_id
