"""Where the seconds of an epoch went: computing, communication, the slowest worker, input.

The workers start an epoch together and leave every all-reduce together. So what each needs from
one all-reduce to the next can be compared without comparing clocks: a worker that is ready before
the slowest one waits for it, and the rest of its time in the all-reduce is communication. What a
worker computes while an all-reduce is under way is computing; only the rest counts as waiting or
communication.
"""

import time

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.world import gather_arrays, wait_for_all
from heitler.training.checkpoints import EpochSoFar, Metrics

Seconds = NDArray[np.float64]


def straggler_wait(own_s: Seconds, reduction_s: Seconds) -> Seconds:
    """Time in each all-reduce until the slowest worker was ready too: s, as the arguments.

    Args:
        own_s: (workers, all-reduces) from the end of the one before until this worker has nothing
            else to do.
        reduction_s: (workers, all-reduces) from then until the sum is there.
    """
    waited: Seconds = np.minimum(own_s.max(axis=0) - own_s, reduction_s)
    return waited


class EpochTimer:
    """Seconds of this worker's cycles in one epoch; all workers make one at the same time.

    What the epoch took before it was interrupted is added.
    """

    def __init__(self, before: EpochSoFar | None = None) -> None:
        self._before = before.times if before else {}
        self._cycles_before = len(before.losses) if before else 0
        wait_for_all()
        self.started = time.time()  # the clock of tf.timestamp
        self._input_s = self._cycle_s = 0.0
        self._reductions: list[Seconds] = []

    def add(self, input_s: float, cycle_s: float, reductions: Seconds) -> None:
        """Take in one cycle.

        Args:
            input_s: waited for the cycle's batch.
            cycle_s: computed and communicated.
            reductions: (all-reduces, 2) as in `CycleResult`, on `time.time`'s clock.
        """
        self._input_s += input_s
        self._cycle_s += cycle_s
        self._reductions.append(reductions)

    def metrics(self) -> Metrics:
        """Means over the workers; the epoch's time is the sum of the four parts.

        `straggler_wait_s` is 0 on the slowest worker of each all-reduce; `compute_time_s` is all
        that is neither input nor in an all-reduce of gradients.
        """
        epoch_s = time.time() - self.started
        ready_s, done_s = np.concatenate(self._reductions).T  # (all-reduces,) each
        own_s = ready_s - np.append(self.started, done_s[:-1])
        both = gather_arrays(np.stack([own_s, done_s - ready_s])[None], "reductions")  # (W, 2, K)
        waited_s = straggler_wait(both[:, 0], both[:, 1]).sum(axis=1).mean()
        reduced_s = both[:, 1].sum(axis=1).mean()
        totals = gather_arrays(np.array([[epoch_s, self._input_s, self._cycle_s]]), "seconds")
        epoch_s, input_s, cycle_s = totals.mean(axis=0)
        cycles = self._cycles_before + len(self._reductions)
        cycle_s += self._cycles_before * self._before.get("cycle_time_s", 0.0)
        times = {
            "epoch_time_s": epoch_s,
            "compute_time_s": epoch_s - input_s - reduced_s,
            "communication_time_s": reduced_s - waited_s,
            "straggler_wait_s": waited_s,
            "input_wait_s": input_s,
        }
        summed = {name: float(s + self._before.get(name, 0.0)) for name, s in times.items()}
        return summed | {"cycle_time_s": float(cycle_s / cycles)}
