"""The interface of all strategies: ask for genomes, have them judged, tell their losses.

A strategy is a deterministic function of its seed and of the losses it was told, so these are its
checkpoint, and any individual that ever lived can be built again (`heitler.evolution.journal`).
A module of `heitler.evolution.strategies` has one, its `STRATEGY`, by the name that
`evolve.strategies` has for it: one_fifth.py is one-fifth.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.network import NetworkShape

Float = NDArray[np.float32]
FOLDER = "heitler.evolution.strategies."


class Strategy(Protocol):
    """Lower losses are better."""

    @property
    def size(self) -> int:
        """Individuals to judge in the present generation."""

    @property
    def best(self) -> Float:
        """(D,) the genome that stands for the whole evolution so far."""

    @property
    def settings(self) -> dict[str, float]:
        """What adapts, such as the mutation power."""

    def ask(self, rows: Sequence[int]) -> Float:
        """Genomes of some individuals of the present generation: (len(rows), D)."""

    def tell(self, losses: Float) -> None:
        """Losses of all individuals, (size,); the next generation begins."""


def build_strategy(name: str, shape: NetworkShape, config: EvolveConfig, seed: int) -> Strategy:
    """A strategy before its first generation."""
    module = import_module(FOLDER + name.replace("-", "_"))
    strategy: Strategy = module.STRATEGY(shape, config, seed)
    return strategy
