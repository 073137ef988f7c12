"""The recipe `heitler` goes through the same loop: any number of workers, and exact resuming."""

from pathlib import Path

import numpy as np
import pytest

from heitler.model.layered.measured import measure_showers
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
    parts = {"layers", "hits", "energies", "counts", "sums", "total"}
    assert parts == {
        name.removeprefix("generator_1_") for name in one.history[0] if "generator_1_" in name
    }
    assert one.history[1]["generator_1_total"] < one.history[0]["generator_1_total"]


def test_a_killed_training_goes_on_exactly(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["killed"].exit_code != 0
    assert outcomes["resumed"].exit_code == 0, outcomes["resumed"].output
    assert_same_variables(outcomes["two"], outcomes["resumed"], 0)


def test_training_starts_from_what_is_measured_and_averages_the_weights(
    outcomes: dict[str, Outcome], shower_folder: Path
) -> None:
    variables = outcomes["still"].variables
    measured = measure_showers(shower_folder / "train.h5")
    shape = measured.profile.shape
    profiles = [v for name, v in variables.items() if v.shape == shape and "optim" not in name]
    assert len(profiles) == 2  # the generator's and its average's
    for profile in profiles:
        np.testing.assert_allclose(profile, measured.profile, atol=1e-6)
    learned = outcomes["one"].variables
    same = [
        np.array_equal(value, learned[name.replace("generator/", "exported/")])
        for name, value in learned.items()
        if name.startswith("generator/")
    ]
    assert not all(same)
