"""The recipe `heitler` goes through the same loop: any number of workers, and exact resuming."""

from pathlib import Path

import numpy as np
import pytest

from heitler.data.mean_shower import mean_shower
from tests.training.conftest import Case, Outcome, TrainAll

TRAIN = {"epochs": 2, "virtual_workers": 2, "generator_updates_per_cycle": 1}
STILL = {**TRAIN, "epochs": 1, "learning_rate": 1e-9}
EVENTS = 19


@pytest.fixture(scope="module")
def outcomes(train_all: TrainAll) -> dict[str, Outcome]:
    one = train_all(1, one=Case(TRAIN, recipe="heitler"), still=Case(STILL, recipe="heitler"))
    two = train_all(
        2,
        two=Case(TRAIN, recipe="heitler"),
        killed=Case(TRAIN, recipe="heitler", kill_after_epoch=1),
    )
    resumed = train_all(2, killed=Case(TRAIN, recipe="heitler"))
    return {**one, **two, "resumed": resumed["killed"]}


def assert_same_variables(one: Outcome, other: Outcome, tolerance: float) -> None:
    assert one.variables.keys() == other.variables.keys() != set()
    for name, value in one.variables.items():
        np.testing.assert_allclose(value, other.variables[name], tolerance, tolerance, name)


def test_two_workers_match_one_with_two_groups(outcomes: dict[str, Outcome]) -> None:
    one, two = outcomes["one"], outcomes["two"]
    assert_same_variables(one, two, 1e-7)
    assert [epoch["unique_events_seen"] for epoch in two.history] == [EVENTS, EVENTS]
    scores = [name for name in one.history[0] if name.startswith("generator_1_score_")]
    assert len(scores) == 7


def test_a_killed_training_goes_on_exactly(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["killed"].exit_code != 0
    assert outcomes["resumed"].exit_code == 0, outcomes["resumed"].output
    assert_same_variables(outcomes["two"], outcomes["resumed"], 0)


def test_training_starts_from_the_mean_shower_and_averages_the_weights(
    outcomes: dict[str, Outcome], shower_folder: Path
) -> None:
    variables = outcomes["still"].variables
    mean = mean_shower(shower_folder / "train.h5")
    biases = [v for name, v in variables.items() if v.shape == (mean.size,) and "optim" not in name]
    assert len(biases) == 2  # the generator's and its average's
    for bias in biases:
        expected = np.log(np.maximum(mean / mean.sum(), 1e-8)).ravel()
        np.testing.assert_allclose(bias, expected, atol=1e-6)
