"""CMA-ES with a diagonal covariance, of the library `cma`.

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


class CmaDiagonal:
    """Hansen's CMA-ES without correlations, for its memory and time grow with D instead of D^2."""

    def __init__(self, shape: NetworkShape, config: EvolveConfig, seed: int) -> None:
        import cma

        self.limits = shape.initial_limits()
        self._size = config.offspring
        start = random_genome(shape, seed, 0) / self.limits
        options = {
            "CMA_diagonal": True,
            "popsize": self._size,
            "seed": seed + 1,  # 0 would take the time
            "verbose": -9,
            "tolflatfitness": np.inf,
        }
        relative = config.step_size / float(self.limits.min())
        self.search: Any = cma.CMAEvolutionStrategy(start, relative, options)
        self.asked: Any = self.search.ask()

    @property
    def size(self) -> int:
        return self._size

    @property
    def best(self) -> Float:
        return np.asarray(self.search.mean * self.limits, np.float32)

    @property
    def settings(self) -> dict[str, float]:
        return {"step_size": float(self.search.sigma)}

    def ask(self, rows: Sequence[int]) -> Float:
        return np.asarray(np.stack([self.asked[row] for row in rows]) * self.limits, np.float32)

    def tell(self, losses: Float) -> None:
        self.search.tell(self.asked, [float(loss) for loss in losses])
        self.asked = self.search.ask()


STRATEGY = CmaDiagonal
