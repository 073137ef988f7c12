"""(1 + lambda) with elitist selection and point mutation, as in section 5.1 of the paper.

Generation 0 are M random individuals. Afterwards individual 0 is the parent, judged again on the
new batch, and 1..lambda are its children. Children are regenerated from (seed, generation, index)
as in Such et al. 2017 (arXiv:1712.06567).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.strategy import GenomeShape, mutate, random_genome, stream

Float = NDArray[np.float32]


class OnePlusLambda:
    """The paper's strategy; subclasses adapt the mutation power."""

    def __init__(self, shape: GenomeShape, config: EvolveConfig, seed: int) -> None:
        self.shape, self.config, self.seed = shape, config, seed
        self.generation = 0
        self.parent: Float = random_genome(shape, seed, 0)
        self.power = config.mutation_power

    def go_on(self, parent: Float, power: float) -> None:
        """Begin with this parent instead of random ones."""
        self.parent, self.power, self.generation = parent, power, 1

    @property
    def size(self) -> int:
        return 1 + self.config.offspring if self.generation else self.config.parents

    @property
    def best(self) -> Float:
        return self.parent

    @property
    def settings(self) -> dict[str, float]:
        return {"mutation_rate": self.config.mutation_rate, "mutation_power": self.power}

    def ask(self, rows: Sequence[int]) -> Float:
        return np.stack([self._individual(row) for row in rows])

    def tell(self, losses: Float) -> None:
        winner = int(np.nanargmin(losses))
        self.parent, power = self._individual(winner), self.power_of(winner)
        self.power = self.adapt(losses, power) if self.generation else power
        self.generation += 1

    def power_of(self, index: int) -> float:
        """Mutation power of one child."""
        return self.power

    def adapt(self, losses: Float, power: float) -> float:
        """Mutation power of the next generation; losses[0] is the parent's."""
        return power

    def _individual(self, index: int) -> Float:
        if not self.generation:
            return random_genome(self.shape, self.seed, index)
        if index == 0:
            return self.parent
        power = self.power_of(index)
        random = stream(self.seed, self.generation, index)
        return mutate(self.parent, random, self.config.mutation_rate, power)


STRATEGY = OnePlusLambda
