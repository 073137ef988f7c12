"""Whose results an experiment holds, by dvc.lock."""

import copy
from typing import Any

import pytest
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

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


def unknown(folder: str, place: tuple[str, ...]) -> None:
    """What a fresh clone knows of parts of folders."""


def test_nothing_is_stale_where_all_stages_ran() -> None:
    assert stale(LOCK, PARAMETERS, unknown) == set()


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
    assert stale(LOCK, parameters, unknown) == expected


def test_a_stage_whose_data_was_made_anew_is_stale() -> None:
    """As after `heitler simulate --set simulate.showers=60`: it ran, the training did not."""
    lock = copy.deepcopy(LOCK)
    lock["simulate"]["outs"][0]["md5"] = "new"
    assert stale(lock, PARAMETERS, unknown) == {"train", "validate"}


def test_a_stage_that_uses_part_of_a_folder_that_changed_is_stale() -> None:
    """As after `dvc exp run -S train.workers=1 train`: the showers are of another generator."""
    lock = copy.deepcopy(LOCK)
    lock["validate"]["deps"] = [{"path": "data/training/generator", "md5": "g"}]
    parts = {("b", ("generator",)): "g", ("c", ("generator",)): "h", ("d", ("generator",)): "g"}

    def part(folder: str, place: tuple[str, ...]) -> str:
        return parts[folder, place]

    assert stale(lock, PARAMETERS, part) == set()
    lock["train"]["outs"][0]["md5"] = "c"
    assert stale(lock, PARAMETERS, part) == {"validate"}
    lock["train"]["outs"][0]["md5"] = "d"  # something else in it changed
    assert stale(lock, PARAMETERS, part) == set()


def test_a_stage_that_uses_a_folder_of_which_a_file_changed_is_stale() -> None:
    """As the report, which uses folders of several outputs of each stage."""
    tree = Tree()
    tree.add(("metrics.json",), None, HashInfo("md5", "m"))
    tree.digest()
    lock = copy.deepcopy(LOCK)
    lock["validate"]["outs"] = [{"path": "reports/validate/metrics.json", "md5": "m"}]
    lock["report"] = {"deps": [{"path": "reports/validate", "md5": tree.hash_info.value}]}
    assert stale(lock, PARAMETERS, unknown) == set()
    lock["validate"]["outs"][0]["md5"] = "n"
    assert stale(lock, PARAMETERS, unknown) == {"report"}
