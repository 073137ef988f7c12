"""Losses and events of an epoch, from the results of its cycles."""

import numpy as np
from numpy.typing import NDArray

from heitler.training.batch import CycleResult
from heitler.training.checkpoints import Metrics
from heitler.training.noise_scale import GradientNoise


def named_losses(result: CycleResult) -> Metrics:
    """Losses of one cycle, flat: `discriminator_real_total`, `generator_1_ecal_sum`, ..."""
    return {
        f"{update}_{name}": float(loss)
        for update, parts in result.losses.items()
        for name, loss in parts.items()
    }


class Tally:
    """One worker's cycles of an epoch."""

    def __init__(self) -> None:
        self._losses: list[Metrics] = []
        self._ids: list[NDArray[np.int64]] = []
        self._noise = GradientNoise()

    def add(self, result: CycleResult, ids: NDArray[np.int64], global_count: int) -> None:
        """Take in one cycle: what it computed from which events; events of the global batch."""
        self._losses.append(named_losses(result))
        self._ids.append(ids)
        for update, norms in result.gradient_norms.items():
            self._noise.add(update.partition("_")[0], np.asarray(norms, np.float64), global_count)

    def event_ids(self) -> NDArray[np.int64]:
        """Ids of all events that this worker used: (n,)."""
        return np.concatenate(self._ids)

    def metrics(self) -> Metrics:
        """Equal on all workers: losses, means over cycles, and gradient noise scales."""
        names = self._losses[0]
        losses = {name: float(np.mean([cycle[name] for cycle in self._losses])) for name in names}
        return losses | self._noise.metrics()
