"""Metrics of an epoch, from the results of its cycles."""

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.world import gather_arrays
from heitler.training.batch import CycleResult
from heitler.training.checkpoints import Metrics


def named_losses(result: CycleResult) -> Metrics:
    """Losses of one cycle, flat: `discriminator_real_total`, `generator_1_ecal_sum`, ..."""
    return {
        f"{update}_{name}": float(loss)
        for update, parts in result.losses.items()
        for name, loss in parts.items()
    }


class Tally:
    """Sums over one worker's cycles of an epoch."""

    def __init__(self) -> None:
        self._losses: list[dict[str, float]] = []
        self._seconds: list[tuple[float, float, float]] = []
        self._ids: list[NDArray[np.int64]] = []

    def add(
        self, result: CycleResult, input_s: float, cycle_s: float, ids: NDArray[np.int64]
    ) -> None:
        """Take in one cycle: what it computed, how long it waited and took, which events."""
        self._losses.append(named_losses(result))
        self._seconds.append((input_s, cycle_s, float(result.communication_s)))
        self._ids.append(ids)

    def event_ids(self) -> NDArray[np.int64]:
        """Ids of all events that this worker used: (n,)."""
        return np.concatenate(self._ids)

    def metrics(self, workers: int, events_seen: int, epoch_s: float) -> Metrics:
        """Losses are means over cycles; times are means over workers."""
        seconds = np.array(self._seconds)
        sums = gather_arrays(np.append(seconds.sum(axis=0), epoch_s)[None], "seconds").mean(axis=0)
        input_s, cycle_s, communication_s, epoch_s = (float(value) for value in sums)
        names = self._losses[0]
        losses = {name: float(np.mean([cycle[name] for cycle in self._losses])) for name in names}
        return losses | {
            "epoch_time_s": epoch_s,
            "showers_per_second": events_seen / epoch_s,
            "cycle_time_s": cycle_s / len(seconds),
            "input_wait_s": input_s,
            "communication_time_s": communication_s,
            "events_seen": float(events_seen),
            "workers": float(workers),
        }
