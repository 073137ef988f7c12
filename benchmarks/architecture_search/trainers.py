"""Who trains the weights of a candidate for a slice of the budget: evolution, or RMSprop.

A candidate carries all that its training needs to go on: architecture, genome, and mutation power
or RMSprop's running mean. A slice is a function of the candidate, its number and the seed.
"""

from dataclasses import dataclass, replace

import numpy as np
from architecture_search.judge import Judge
from architecture_search.space import Architecture
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.descent import COST, EPSILON, RHO
from heitler.evolution.events import batch_rows
from heitler.evolution.strategies.one_fifth import OneFifthRule
from heitler.evolution.strategies.one_plus_lambda import OnePlusLambda

Float = NDArray[np.float32]
SLICES = 10_000
"""More than there are: makes keys of (seed, slice)."""
EVOLUTIONS = {"paper": OnePlusLambda, "evolution": OneFifthRule}
"""Trainers without gradients: a constant mutation power, as published, or the 1/5 rule."""


@dataclass(frozen=True)
class Candidate:
    """A network between two slices of its training."""

    architecture: Architecture
    genome: Float
    """(D,)"""
    power: float
    """Size of mutations; not used by RMSprop."""
    square: Float
    """(D,) RMSprop's mean squared gradient; not used by evolution."""


@dataclass(frozen=True)
class Training:
    """What all slices of a run share."""

    config: EvolveConfig
    judge: Judge
    seed: int
    fixed_cost: int
    """Multiply-adds of the fixed network."""
    fixed_genes: int

    def pass_cost(self, architecture: Architecture) -> float:
        """What one forward pass of one shower costs, in passes of the fixed network: at least 1,
        though a smaller network needs less, since reading images and bookkeeping cost as much."""
        return max(1.0, architecture.multiply_adds() / self.fixed_cost)

    def start(self, architecture: Architecture, genome: Float) -> Candidate:
        """Before any training."""
        return Candidate(architecture, genome, self.config.mutation_power, np.zeros_like(genome))

    def train(self, trainer: str, candidate: Candidate, budget: float, number: int) -> Candidate:
        """One slice; `budget` is in forward passes of the fixed network, of single showers."""
        passes = budget / self.pass_cost(candidate.architecture)
        if trainer == "rmsprop":
            return self._descend(candidate, passes, number)
        return self._evolve(EVOLUTIONS[trainer], candidate, passes, number)

    @property
    def _batch(self) -> int:
        return min(self.config.batch_size, self.judge.count)

    def _rows(self, number: int, step: int) -> NDArray[np.int64]:
        first = SLICES * self.seed + number
        return batch_rows(self.judge.count, self.config.batch_size, seed=first, step=step)

    def _evolve(
        self, kind: type[OnePlusLambda], candidate: Candidate, passes: float, number: int
    ) -> Candidate:
        """(1 + lambda); as many genes are mutated as in the fixed network."""
        architecture = candidate.architecture
        rate = min(1.0, self.config.mutation_rate * self.fixed_genes / architecture.genes)
        config = replace(self.config, mutation_rate=rate, by_strategy={})
        strategy = kind(architecture, config, SLICES * self.seed + number)
        strategy.go_on(candidate.genome, candidate.power)
        generations = int(passes // (strategy.size * self._batch))
        for step in range(generations):
            genomes = strategy.ask(range(strategy.size))
            strategy.tell(self.judge.losses(architecture, genomes, self._rows(number, step)))
        return replace(candidate, genome=strategy.best, power=strategy.power)

    def _descend(self, candidate: Candidate, passes: float, number: int) -> Candidate:
        genome, square = candidate.genome, candidate.square
        for step in range(int(passes // (COST * self._batch))):
            rows = self._rows(number, step)
            gradient = self.judge.gradient(candidate.architecture, genome, rows).numpy()
            square = RHO * square + (1 - RHO) * gradient**2
            genome = genome - self.config.learning_rate * gradient / (np.sqrt(square) + EPSILON)
        return replace(
            candidate, genome=np.asarray(genome, np.float32), square=np.asarray(square, np.float32)
        )
