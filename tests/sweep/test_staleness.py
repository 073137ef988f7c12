"""Whose results an experiment holds, by dvc.lock."""

import copy
from typing import Any

import pytest

from heitler.sweep.staleness import stale

PARAMETERS = {"simulate": {"showers": 60}, "train": {"epochs": 1, "seed": 1}}
LOCK: dict[str, Any] = {
    "simulate": {
        "params": {"params.yaml": {"simulate": {"showers": 60}}},
        "outs": [{"path": "data/showers", "md5": "a"}],
    },
    "train": {
        "deps": [{"path": "data/showers", "md5": "a"}, {"path": "train.py", "md5": "x"}],
        "params": {"params.yaml": {"train": {"epochs": 1, "seed": 1}}},
        "outs": [{"path": "data/training", "md5": "b"}],
    },
    "validate": {
        "deps": [{"path": "data/training", "md5": "b"}],
        "params": {"params.yaml": {"train.seed": 1}},
    },
}


def test_nothing_is_stale_where_all_stages_ran() -> None:
    assert stale(LOCK, PARAMETERS) == set()


@pytest.mark.parametrize(
    ("section", "changes", "expected"),
    [
        ("train", {"epochs": 2}, {"train", "validate"}),
        ("simulate", {"showers": 80}, {"simulate", "train", "validate"}),
        ("train", {"seed": 2}, {"train", "validate"}),
    ],
)
def test_a_stage_run_with_other_parameters_is_stale_with_those_after_it(
    section: str, changes: dict[str, int], expected: set[str]
) -> None:
    parameters = PARAMETERS | {section: PARAMETERS[section] | changes}
    assert stale(LOCK, parameters) == expected


def test_a_stage_whose_data_was_made_anew_is_stale() -> None:
    """As after `heitler simulate --set simulate.showers=60`: it ran, the training did not."""
    lock = copy.deepcopy(LOCK)
    lock["simulate"]["outs"][0]["md5"] = "new"
    assert stale(lock, PARAMETERS) == {"train", "validate"}
