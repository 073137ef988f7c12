"""Whole histories of finished runs, logged at once."""

import time
from collections.abc import Mapping, Sequence

import mlflow
from mlflow.entities import Metric

AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""


def log_history(run_id: str, history: Sequence[Mapping[str, float]], *, step: str) -> None:
    """Many points at once; the column `step` says where each row stands."""
    now = int(time.time() * 1000)
    points = [
        Metric(name, value, now, int(row[step]))
        for row in history
        for name, value in row.items()
        if name != step
    ]
    client = mlflow.MlflowClient()
    for first in range(0, len(points), AT_ONCE):
        client.log_batch(run_id, metrics=points[first : first + AT_ONCE])
