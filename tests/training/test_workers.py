"""Any number of workers computes the same training; a killed training goes on exactly.

Double precision, so that "the same" can be told from rounding: RMSprop turns the sign of a
rounding error in a near-zero gradient into a full step. Single precision drifts, and a test says
how far.
"""

import numpy as np
import pytest

from tests.training.conftest import Case, Outcome, TrainAll

EVENTS = 19
# The rate is still rising at the end: 2 cycles per epoch.
WARMING = {
    "epochs": 2,
    "learning_rate_rule": "sqrt",
    "reference_batch_size": 2,
    "warmup_epochs": 3,
}
TWO, FOUR = ({**WARMING, "virtual_workers": groups} for groups in (2, 4))
SYNCHRONISED = {**WARMING, "batch_norm": "synchronised"}
# One cycle per epoch, so that the history is a curve of single cycles.
SINGLE = Case({"virtual_workers": 4, "global_batch_size": 16, "epochs": 3}, precision="float32")


def losses(epoch: dict[str, float]) -> dict[str, float]:
    found = {k: v for k, v in epoch.items() if k.startswith(("discriminator", "generator"))}
    found = {k: v for k, v in found.items() if not k.endswith(("noise_scale", "_GeV"))}
    assert len(found) == 16
    return found


def assert_same_training(one: Outcome, other: Outcome, tolerance: float) -> None:
    assert one.exit_code == other.exit_code == 0, one.output + other.output
    assert one.variables.keys() == other.variables.keys() != set()
    for name, value in one.variables.items():
        np.testing.assert_allclose(value, other.variables[name], tolerance, tolerance, name)
    for mine, yours in zip(one.history, other.history, strict=True):
        assert losses(mine) == pytest.approx(losses(yours), rel=tolerance)


@pytest.fixture(scope="module")
def one_worker(train_all: TrainAll) -> dict[str, Outcome]:
    return train_all(
        1,
        one_with_two_groups=Case(TWO),
        one_with_four_groups=Case(FOUR),
        one_synchronised=Case(SYNCHRONISED),
        one_with_one_group=Case(WARMING),
        one_single=SINGLE,
    )


@pytest.fixture(scope="module")
def two_workers(train_all: TrainAll) -> dict[str, Outcome]:
    return train_all(
        2,
        two=Case(WARMING),
        two_synchronised=Case(SYNCHRONISED),
        two_single=SINGLE,
        public=Case({"epochs": 2}, defect="public sharding"),
        diverging=Case({"learning_rate": 1e200}),
        slow=Case({"epochs": 2}, defect="second worker slow"),
    )


@pytest.fixture(scope="module")
def four_workers(train_all: TrainAll) -> dict[str, Outcome]:
    return train_all(
        4, four=Case(WARMING), four_synchronised=Case(SYNCHRONISED), four_single=SINGLE
    )


Outcomes = dict[str, Outcome]


def test_two_workers_match_one_at_equal_global_batch(
    one_worker: Outcomes, two_workers: Outcomes
) -> None:
    assert_same_training(one_worker["one_with_two_groups"], two_workers["two"], 1e-7)


def test_four_workers_match_one_at_equal_global_batch(
    one_worker: Outcomes, four_workers: Outcomes
) -> None:
    assert_same_training(one_worker["one_with_four_groups"], four_workers["four"], 1e-7)


def test_batch_norm_groups_matter(one_worker: Outcomes) -> None:
    """Guards the tests above: other groups, other numbers."""
    with pytest.raises(AssertionError):
        assert_same_training(
            one_worker["one_with_two_groups"], one_worker["one_with_one_group"], 1e-7
        )


@pytest.mark.parametrize("workers", ["one", "two", "four"])
def test_synchronised_batch_norm_makes_any_number_of_workers_one_group(
    workers: str, one_worker: Outcomes, two_workers: Outcomes, four_workers: Outcomes
) -> None:
    synchronised = (one_worker | two_workers | four_workers)[f"{workers}_synchronised"]
    assert_same_training(one_worker["one_with_one_group"], synchronised, 1e-7)


def test_single_precision_drifts_apart_as_slowly_as_the_documentation_says(
    one_worker: Outcomes, two_workers: Outcomes, four_workers: Outcomes
) -> None:
    """Relative drift of the total losses, cycle by cycle; the second G update of a cycle sees
    the first RMSprop step already."""
    curves = [
        [losses(epoch) for epoch in outcomes.history]
        for outcomes in (
            one_worker["one_single"],
            two_workers["two_single"],
            four_workers["four_single"],
        )
    ]
    for curve in curves[1:]:
        drift = [
            max(abs(mine[k] / reference[k] - 1) for k in mine if k.endswith("_total"))
            for mine, reference in zip(curve, curves[0], strict=True)
        ]
        print(drift)
        assert drift[0] < 1e-5


def test_every_event_is_seen_once_in_every_epoch(two_workers: Outcomes) -> None:
    for epoch in two_workers["two"].history:
        assert epoch["events_seen"] == epoch["unique_events_seen"] == EVENTS


def test_sharding_as_in_the_public_code_stops_training_in_its_first_epoch(
    two_workers: Outcomes,
) -> None:
    """Every rank reads the same first rows, and the shuffle's return value is dropped."""
    public = two_workers["public"]
    assert public.history == []
    assert len(public.errors) == 2
    for error in public.errors:
        assert "epoch 1: the workers saw 10 different events in 20 reads, not 19" in error


def test_a_diverging_training_stops_on_all_workers_with_the_reason(two_workers: Outcomes) -> None:
    diverging = two_workers["diverging"].errors
    assert len(diverging) == 2
    assert all("is not finite. Training cannot go on" in error for error in diverging)


def test_waiting_for_a_slow_worker_is_not_charged_to_communication(two_workers: Outcomes) -> None:
    """The second of two workers sleeps 1 s in each of 2 cycles: 1 s for the mean worker."""
    _traced, epoch = two_workers["slow"].history
    assert epoch["straggler_wait_s"] > 0.5
    assert epoch["communication_time_s"] < 0.5 * epoch["straggler_wait_s"]
    assert epoch["compute_time_s"] > 1
    parts = ("compute_time_s", "communication_time_s", "straggler_wait_s", "input_wait_s")
    assert sum(epoch[part] for part in parts) == pytest.approx(epoch["epoch_time_s"])


def test_killed_training_resumes_to_the_same_bits_in_the_middle_of_its_warm_up(
    train_all: TrainAll, one_worker: Outcomes
) -> None:
    killed = train_all(1, killed=Case(TWO, kill_after_epoch=1))["killed"]
    assert killed.exit_code != 0
    assert len(killed.history) == 1
    resumed = train_all(1, killed=Case(TWO))["killed"]
    assert "resuming after epoch 1 of 2" in resumed.output
    assert_same_training(one_worker["one_with_two_groups"], resumed, tolerance=0)
    assert [epoch["learning_rate"] for epoch in resumed.history] == pytest.approx(
        [0.001 * (1 + 1 / 6), 0.001 * (1 + 3 / 6)]
    )


def test_a_limit_of_cycles_ends_an_epoch_early(train_all: TrainAll) -> None:
    limited = train_all(1, limited=Case({"virtual_workers": 2, "epochs": 3, "cycles": 3}))
    history = limited["limited"].history
    assert [epoch["cycles"] for epoch in history] == [2, 1]
    assert [epoch["updates"] for epoch in history] == [8, 4]
    assert [epoch["unique_events_seen"] for epoch in history] == [19, 10]
