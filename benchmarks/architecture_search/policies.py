"""Which architecture is tried next: `fixed`, `random`, `evolved`, or `optuna`.

A policy is a function of its seed and of the losses it was told. All ask for candidates, which are
trained for a slice of the budget and told the loss that they reached.

Optuna's view of the architectures.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from architecture_search.inheritance import inherit
from architecture_search.space import (
    ACTIVATIONS,
    KERNELS,
    MAX_COST,
    MAX_FILTERS,
    MAX_LAYERS,
    STRIDES,
    Architecture,
    Layer,
    mutate_architecture,
    random_architecture,
)
from architecture_search.trainers import Candidate, Training
from numpy.typing import NDArray

Float = NDArray[np.float32]
POPULATION, TOURNAMENT = 8, 3
"""Sizes of the policy `evolved`."""
KEEP = 0.5
"""Probability that a child of `evolved` has its parent's architecture."""


class Policy(Protocol):
    """Lower losses are better."""

    def propose(self) -> tuple[Candidate, int | None]:
        """The next candidate, and the number of the slice whose result it continues."""

    def tell(self, trained: Candidate, loss: float) -> None:
        """What became of it."""


class Fixed:
    """Always the same network, which goes on."""

    def __init__(self, training: Training, first: Architecture) -> None:
        genome = _random_genome(first, np.random.default_rng([training.seed, 0]))
        self.candidate, self.done = training.start(first, genome), 0

    def propose(self) -> tuple[Candidate, int | None]:
        return self.candidate, self.done - 1 if self.done else None

    def tell(self, trained: Candidate, loss: float) -> None:
        self.candidate, self.done = trained, self.done + 1


class Random:
    """A new architecture every time."""

    def __init__(self, training: Training, first: Architecture) -> None:
        self.training, self.image = training, first.image
        self.most = MAX_COST * training.fixed_cost
        self.done = 0

    def propose(self) -> tuple[Candidate, int | None]:
        random = np.random.default_rng([self.training.seed, self.done])
        architecture = random_architecture(self.image, self.most, random)
        return self.training.start(architecture, _random_genome(architecture, random)), None

    def tell(self, trained: Candidate, loss: float) -> None:
        self.done += 1


class Evolved(Random):
    """Regularised evolution [Real et al. 2019, 1802.01548] whose children inherit weights.

    The best of a few of the youngest has the next child; the oldest is forgotten.
    """

    def __init__(self, training: Training, first: Architecture) -> None:
        super().__init__(training, first)
        self.alive: deque[tuple[float, int, Candidate]] = deque(maxlen=POPULATION)

    def propose(self) -> tuple[Candidate, int | None]:
        if self.done < POPULATION:
            return super().propose()
        random = np.random.default_rng([self.training.seed, self.done])
        chosen = random.choice(POPULATION, TOURNAMENT, replace=False)
        _, slice_of_parent, parent = min(
            (self.alive[i] for i in chosen), key=lambda member: member[0]
        )
        if random.random() < KEEP:
            return parent, slice_of_parent
        architecture, origin = mutate_architecture(parent.architecture, self.most, random)
        genome = inherit(parent.architecture, parent.genome, architecture, origin, random)
        return self.training.start(architecture, genome), slice_of_parent

    def tell(self, trained: Candidate, loss: float) -> None:
        self.alive.append((loss, self.done, trained))
        super().tell(trained, loss)


class Suggested(Random):
    """Optuna's TPE chooses; the weights start anew."""

    def __init__(self, training: Training, first: Architecture) -> None:
        import optuna

        super().__init__(training, first)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=training.seed, n_startup_trials=POPULATION)
        self.study = optuna.create_study(sampler=sampler)
        self.trial: Any = None

    def propose(self) -> tuple[Candidate, int | None]:
        while True:
            self.trial = self.study.ask()
            architecture = suggest_architecture(self.trial, self.image)
            if architecture.feasible and architecture.multiply_adds() <= self.most:
                random = np.random.default_rng([self.training.seed, self.done])
                genome = _random_genome(architecture, random)
                return self.training.start(architecture, genome), None
            self.study.tell(self.trial, 1.0)  # as bad as estimating nothing

    def tell(self, trained: Candidate, loss: float) -> None:
        self.study.tell(self.trial, loss)
        super().tell(trained, loss)


POLICIES: dict[str, Callable[[Training, Architecture], Policy]] = {
    "fixed": Fixed,
    "random": Random,
    "evolved": Evolved,
    "optuna": Suggested,
}


def _random_genome(architecture: Architecture, random: np.random.Generator) -> Float:
    drawn = random.uniform(-1, 1, architecture.genes) * architecture.initial_limits()
    return np.asarray(drawn, np.float32)


def suggest_architecture(trial: Any, image: tuple[int, int]) -> Architecture:
    """Ask an `optuna.Trial` for depth and layers; what it says may not fit the image."""
    layers = [
        Layer(
            filters=trial.suggest_int(f"filters_{i}", 1, MAX_FILTERS),
            kernel=trial.suggest_categorical(f"kernel_{i}", KERNELS),
            stride=trial.suggest_categorical(f"stride_{i}", STRIDES),
            activation=trial.suggest_categorical(f"activation_{i}", ACTIVATIONS),
        )
        for i in range(trial.suggest_int("layers", 1, MAX_LAYERS))
    ]
    return Architecture(image, tuple(layers))
