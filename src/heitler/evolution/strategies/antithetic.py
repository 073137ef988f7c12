"""Evolution strategy with mirrored samples, rank shaping and Adam [Salimans 2017, 1703.03864].

Individuals 2j and 2j + 1 are the centre plus and minus the same noise; their losses' difference
estimates the gradient along it. The paper's random parents choose where the centre starts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.network import NetworkShape
from heitler.evolution.strategy import random_genome, stream

Float = NDArray[np.float32]
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class Antithetic:
    """Centre, and Adam's two running means."""

    def __init__(self, shape: NetworkShape, config: EvolveConfig, seed: int) -> None:
        self.shape, self.config, self.seed = shape, config, seed
        self.generation = 0
        self.centre: Float = random_genome(shape, seed, 0)
        self.mean, self.square = np.zeros((2, shape.genes))

    @property
    def size(self) -> int:
        return self.config.offspring if self.generation else self.config.parents

    @property
    def best(self) -> Float:
        return self.centre

    @property
    def settings(self) -> dict[str, float]:
        return {"step_size": self.config.step_size}

    def ask(self, rows: Sequence[int]) -> Float:
        if not self.generation:
            return np.stack([random_genome(self.shape, self.seed, row) for row in rows])
        signs = [(-1) ** row * self.config.step_size for row in rows]
        noise = [self._noise(row // 2) for row in rows]
        moved = [self.centre + s * n for s, n in zip(signs, noise, strict=True)]
        return np.stack(moved).astype(np.float32)

    def tell(self, losses: Float) -> None:
        if not self.generation:
            self.centre = random_genome(self.shape, self.seed, int(np.nanargmin(losses)))
        else:
            self._step(losses)
        self.generation += 1

    def _step(self, losses: Float) -> None:
        ranks = np.argsort(np.argsort(losses)) / (len(losses) - 1) - 0.5  # (P,)
        pairs = ranks[0::2] - ranks[1::2]
        gradient = sum(pair * self._noise(j) for j, pair in enumerate(pairs))
        self.mean = BETA_1 * self.mean + (1 - BETA_1) * gradient
        self.square = BETA_2 * self.square + (1 - BETA_2) * np.square(gradient)
        mean = self.mean / (1 - BETA_1**self.generation)
        square = self.square / (1 - BETA_2**self.generation)
        change = self.config.learning_rate * mean / (np.sqrt(square) + EPSILON)
        self.centre = (self.centre - change).astype(np.float32)

    def _noise(self, pair: int) -> Float:
        random = stream(self.seed, self.generation, pair)
        return random.standard_normal(self.shape.genes, np.float32)


STRATEGY = Antithetic
