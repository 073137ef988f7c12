"""The seconds of an epoch are charged to what spent them."""

import numpy as np

from heitler.training.timing import straggler_wait


def test_the_slowest_worker_waits_for_nobody() -> None:
    own_s = np.array([[1.0, 5.0], [3.0, 2.0], [2.0, 2.0]])  # 3 workers, 2 all-reduces
    reduction_s = np.array([[2.5, 0.5], [0.5, 3.5], [1.5, 3.5]])
    waited = straggler_wait(own_s, reduction_s)
    assert np.allclose(waited, [[2, 0], [0, 3], [1, 3]])
    assert np.allclose(reduction_s - waited, 0.5)  # communication, the same for all


def test_waiting_is_at_most_the_time_in_the_all_reduce() -> None:
    assert straggler_wait(np.array([[0.0], [9.0]]), np.array([[2.0], [1.0]])).max() == 2.0
