"""A sweep's run and those of its trials."""

import mlflow

from heitler.tracking.runs import PARENT_VARIABLE, open_run
from heitler.tracking.studies import end_sweep, epoch_scores, sweep_run


def test_trials_are_children_of_their_sweep_and_their_epochs_are_found(store, monkeypatch):
    sweep = sweep_run("memory")
    assert sweep_run("memory") == sweep
    monkeypatch.setenv(PARENT_VARIABLE, sweep)
    for name, scores in {"memory-001": (3.0, 2.0), "memory-002": (5.0,)}.items():
        tags = {"dvc": {"experiment": name}, "recipe": "paper"}
        with open_run(name, tags=tags) as run:
            for epoch, score in enumerate(scores, start=1):
                run.log_epoch({"selection_score": score}, epoch)
        assert mlflow.get_run(run.run_id).data.tags["mlflow.parentRunId"] == sweep
    assert epoch_scores(sweep, "memory-001", "paper", "selection_score") == {1: 3.0, 2: 2.0}
    assert epoch_scores(sweep, "memory-001", "heitler", "selection_score") == {}
    end_sweep(sweep, {"train.seed": 2}, 2.0)
    ended = mlflow.get_run(sweep)
    assert ended.info.status == "FINISHED"
    assert ended.data.metrics["best"] == 2.0
