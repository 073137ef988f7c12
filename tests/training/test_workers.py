"""Any number of workers computes the same training; a killed training goes on exactly.

Double precision, so that "the same" can be told from rounding: RMSprop turns the sign of a
rounding error in a near-zero gradient into a full step. Single precision drifts, and a test says
how far.
"""

import numpy as np
import pytest

from tests.training.conftest import Case, Outcome, TrainAll

Outcomes = dict[str, Outcome]
EVENTS = 19
# Two cycles per epoch; the last one ends training early, while the rate is still rising.
WARMING = {
    "epochs": 2,
    "cycles": 3,
    "learning_rate_rule": "sqrt",
    "reference_batch_size": 2,
    "warmup_epochs": 3,
}
SHORTER = {**WARMING, "generator_updates_per_cycle": 1}  # traced sooner than the published two
SYNCHRONISED = {**SHORTER, "batch_norm": "synchronised"}
# One cycle per epoch, so that the history is a curve of single cycles.
CURVE = {
    "global_batch_size": 16,
    "epochs": 3,
    "virtual_workers": 4,
    "generator_updates_per_cycle": 1,
}
SINGLE = Case(CURVE, precision="float32")
FOUR_CYCLES = {**SHORTER, "global_batch_size": 4, "cycles": None, "epochs": 1}
SLOW = "second worker slow"
ASKED = "second worker asked to stop"
PUBLIC = "public sharding"


def losses(epoch: dict[str, float]) -> dict[str, float]:
    found = {k: v for k, v in epoch.items() if k.startswith(("discriminator", "generator"))}
    found = {k: v for k, v in found.items() if not k.endswith(("noise_scale", "_GeV"))}
    assert len(found) in (12, 16)
    return found


def assert_same_training(one: Outcome, other: Outcome, tolerance: float) -> None:
    assert one.exit_code == other.exit_code == 0, one.output + other.output
    assert one.variables.keys() == other.variables.keys() != set()
    for name, value in one.variables.items():
        np.testing.assert_allclose(value, other.variables[name], tolerance, tolerance, name)
    for mine, yours in zip(one.history, other.history, strict=True):
        assert losses(mine) == pytest.approx(losses(yours), rel=tolerance)


@pytest.fixture(scope="module")
def one_worker(train_all: TrainAll) -> Outcomes:
    return train_all(
        1,
        one_with_two_groups=Case(WARMING | {"virtual_workers": 2}),
        one_with_four_groups=Case(SHORTER | {"virtual_workers": 4}),
        one_with_one_group=Case(SHORTER),
        one_single=SINGLE,
    )


@pytest.fixture(scope="module")
def two_workers(train_all: TrainAll) -> Outcomes:
    return train_all(
        2,
        two=Case(WARMING, defect=SLOW),
        two_synchronised=Case(SYNCHRONISED),
        two_single=SINGLE,
        public=Case(SHORTER, defect=PUBLIC),
        diverging=Case(SHORTER | {"learning_rate": 1e200}),
        through=Case(FOUR_CYCLES),
        stopped=Case(FOUR_CYCLES, defect=ASKED),
    )


@pytest.fixture(scope="module")
def four_workers(train_all: TrainAll) -> Outcomes:
    return train_all(
        4, four=Case(SHORTER), four_synchronised=Case(SYNCHRONISED), four_single=SINGLE
    )


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
            one_worker["one_with_four_groups"], one_worker["one_with_one_group"], 1e-7
        )


@pytest.mark.parametrize("workers", ["two", "four"])
def test_synchronised_batch_norm_makes_any_number_of_workers_one_group(
    workers: str, one_worker: Outcomes, two_workers: Outcomes, four_workers: Outcomes
) -> None:
    synchronised = (two_workers | four_workers)[f"{workers}_synchronised"]
    assert_same_training(one_worker["one_with_one_group"], synchronised, 1e-7)


def test_single_precision_drifts_no_faster_than_documented(
    one_worker: Outcomes, two_workers: Outcomes, four_workers: Outcomes
) -> None:
    """Largest relative difference of the total losses in cycles 1, 2 and 3: docs/model.md."""
    one = one_worker["one_single"].history
    for other in (two_workers["two_single"].history, four_workers["four_single"].history):
        drifts = [
            max(abs(yours[k] / mine[k] - 1) for k in mine if k.endswith("_total"))
            for mine, yours in zip(one, other, strict=True)
        ]
        print("drift in single precision:", drifts)
        assert np.all(np.array(drifts) < [1e-5, 1e-2, 3e-2])


def test_every_event_is_seen_once_in_a_whole_epoch(two_workers: Outcomes) -> None:
    whole, early = two_workers["two"].history
    assert whole["events_seen"] == whole["unique_events_seen"] == EVENTS
    assert early["events_seen"] == early["unique_events_seen"] == 10


def test_a_limit_of_cycles_ends_an_epoch_early(two_workers: Outcomes) -> None:
    history = two_workers["two"].history
    assert [epoch["cycles"] for epoch in history] == [2, 1]
    assert [epoch["updates"] for epoch in history] == [8, 4]


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
    """The second of two workers sleeps 1 s before its cycle: 0.5 s for the mean worker."""
    _traced, epoch = two_workers["two"].history
    assert epoch["straggler_wait_s"] > 0.25
    assert epoch["communication_time_s"] < epoch["straggler_wait_s"]
    parts = ("compute_time_s", "communication_time_s", "straggler_wait_s", "input_wait_s")
    assert sum(epoch[part] for part in parts) == pytest.approx(epoch["epoch_time_s"])


def test_workers_asked_to_stop_save_at_one_cycle_and_go_on_to_the_same_bits(
    two_workers: Outcomes,
) -> None:
    """Only worker 1 gets the signal, in its first cycle; all end with the second of four."""
    stopped, through = two_workers["stopped"], two_workers["through"]
    assert "Stopped in epoch 1 after 2 of its cycles" in stopped.output
    assert "resuming after epoch 0 of 1 and 2 cycles" in stopped.output
    assert_same_training(through, stopped, tolerance=0)
    [whole], [continued] = through.history, stopped.history
    assert continued["unique_events_seen"] == whole["unique_events_seen"] == EVENTS
    parts = ("compute_time_s", "communication_time_s", "straggler_wait_s", "input_wait_s")
    assert sum(continued[part] for part in parts) == pytest.approx(continued["epoch_time_s"])


def test_killed_training_resumes_to_the_same_bits_in_the_middle_of_its_warm_up(
    train_all: TrainAll, one_worker: Outcomes
) -> None:
    settings = SHORTER | {"virtual_workers": 4}
    killed = train_all(1, killed=Case(settings, kill_after_epoch=1))["killed"]
    assert killed.exit_code != 0
    assert len(killed.history) == 1
    resumed = train_all(1, killed=Case(settings))["killed"]
    assert "resuming after epoch 1 of 2" in resumed.output
    assert_same_training(one_worker["one_with_four_groups"], resumed, tolerance=0)
    assert [epoch["learning_rate"] for epoch in resumed.history] == pytest.approx(
        [0.001 * (1 + 1 / 6), 0.001 * (1 + 2 / 6)]
    )
