"""Any number of workers computes the same training; a killed training goes on exactly.

Double precision, so that "the same" can be told from rounding: RMSprop turns the sign of a
rounding error in a near-zero gradient into a full step.
"""

import numpy as np
import pytest

from tests.training.conftest import Outcome, Train


def assert_same_training(one: Outcome, other: Outcome, tolerance: float) -> None:
    assert one.exit_code == other.exit_code == 0, one.output + other.output
    assert one.variables.keys() == other.variables.keys() != set()
    for name, value in one.variables.items():
        np.testing.assert_allclose(value, other.variables[name], tolerance, tolerance, name)
    losses = [key for key in one.history[0] if key.startswith(("discriminator", "generator"))]
    assert len(losses) >= 15
    for mine, yours in zip(one.history, other.history, strict=True):
        for key in losses:
            assert mine[key] == pytest.approx(yours[key], rel=tolerance), key


@pytest.fixture(scope="module")
def one_worker(train: Train) -> Outcome:
    """Two epochs on one worker with two batch-norm groups, undisturbed."""
    return train("one-worker", workers=1, virtual_workers=2, epochs=2)


def test_two_workers_match_one_at_equal_global_batch(train: Train, one_worker: Outcome) -> None:
    two_workers = train("two-workers", workers=2, epochs=2)
    assert_same_training(one_worker, two_workers, tolerance=1e-7)
    assert [epoch["events_seen"] for epoch in two_workers.history] == [19, 19]


def test_batch_norm_groups_matter(train: Train, one_worker: Outcome) -> None:
    """Guards the test above: other groups, other numbers."""
    one_group = train("one-group", workers=1, virtual_workers=1, epochs=2)
    with pytest.raises(AssertionError):
        assert_same_training(one_worker, one_group, tolerance=1e-7)


def test_killed_training_resumes_to_the_same_bits(train: Train, one_worker: Outcome) -> None:
    settings = {"workers": 1, "virtual_workers": 2, "epochs": 2}
    killed = train("killed", kill_after_epoch=1, **settings)
    assert killed.exit_code != 0
    assert len(killed.history) == 1
    resumed = train("killed", **settings)
    assert "resuming after epoch 1 of 2" in resumed.output
    assert_same_training(one_worker, resumed, tolerance=0)
