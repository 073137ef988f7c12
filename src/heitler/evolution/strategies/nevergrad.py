"""OnePlusOne of the library `nevergrad`.

Runs on every rank, from the same seed and the same losses. Genes are in units of each layer's
initial limits, so that one step size suits both layers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.network import NetworkShape
from heitler.evolution.strategy import random_genome

Float = NDArray[np.float32]


class NevergradOnePlusOne:
    """Nevergrad's (1 + 1) with the 1/5 rule, asked for as many candidates as others judge."""

    def __init__(self, shape: NetworkShape, config: EvolveConfig, seed: int) -> None:
        import nevergrad as ng

        self.limits = shape.initial_limits()
        self._size = config.offspring
        start = ng.p.Array(init=random_genome(shape, seed, 0) / self.limits)
        start.set_mutation(sigma=config.step_size / float(self.limits.min()))
        start.random_state = np.random.RandomState(seed)
        self.search: Any = ng.optimizers.OnePlusOne(start, budget=None, num_workers=self._size)
        self.asked: Any = [self.search.ask() for _ in range(self._size)]

    @property
    def size(self) -> int:
        return self._size

    @property
    def best(self) -> Float:
        return np.asarray(self.search.provide_recommendation().value * self.limits, np.float32)

    @property
    def settings(self) -> dict[str, float]:
        return {}

    def ask(self, rows: Sequence[int]) -> Float:
        values = np.stack([self.asked[row].value for row in rows])
        return np.asarray(values * self.limits, np.float32)

    def tell(self, losses: Float) -> None:
        for candidate, loss in zip(self.asked, losses, strict=True):
            self.search.tell(candidate, float(loss))
        self.asked = [self.search.ask() for _ in range(self._size)]


STRATEGY = NevergradOnePlusOne
