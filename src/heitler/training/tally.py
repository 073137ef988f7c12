"""Losses and events of an epoch, from the results of its cycles."""

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.world import gather_arrays
from heitler.training.batch import CycleResult
from heitler.training.checkpoints import EpochSoFar, Metrics
from heitler.training.noise_scale import GradientNoise


def named_losses(result: CycleResult) -> Metrics:
    """Losses of one cycle, flat: `discriminator_real_total`, `generator_1_ecal_sum`, ..."""
    return {
        f"{update}_{name}": float(loss)
        for update, parts in result.losses.items()
        for name, loss in parts.items()
    }


class Tally:
    """One worker's cycles of an epoch, after those that were done before it was interrupted."""

    def __init__(self, before: EpochSoFar | None = None) -> None:
        self.losses: list[Metrics] = list(before.losses) if before else []
        self._ids: list[NDArray[np.int64]] = []
        self._ids_before = np.array(before.event_ids if before else [], np.int64)
        self.noise = GradientNoise(before.noise if before else None)

    def add(self, result: CycleResult, ids: NDArray[np.int64], global_count: int) -> None:
        """Take in one cycle: what it computed from which events; events of the global batch."""
        self.losses.append(named_losses(result))
        self._ids.append(ids)
        for update, norms in result.gradient_norms.items():
            self.noise.add(update.partition("_")[0], np.asarray(norms, np.float64), global_count)

    def event_ids(self) -> NDArray[np.int64]:
        """Ids of all events that the workers used in this epoch: (n,)."""
        own = np.concatenate([*self._ids, np.array([], np.int64)])
        return np.concatenate([self._ids_before, gather_arrays(own, "event_ids")])

    def metrics(self) -> Metrics:
        """Equal on all workers: losses, means over cycles, and gradient noise scales."""
        names = self.losses[0]
        losses = {name: float(np.mean([cycle[name] for cycle in self.losses])) for name in names}
        return losses | self.noise.metrics()
