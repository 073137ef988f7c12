"""The interface of all strategies: ask for genomes, have them judged, tell their losses.

A strategy is a deterministic function of its seed and of the losses it was told, so these are its
checkpoint, and any individual that ever lived can be built again (`heitler.evolution.journal`).
A module of `heitler.evolution.strategies` has one, its `STRATEGY`, by the name that
`evolve.strategies` has for it: one_fifth.py is one-fifth. Their random numbers are keyed by what
they are for, (seed, generation, index), never by who draws them.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.network import NetworkShape

Float = NDArray[np.float32]


class GenomeShape(Protocol):
    """A network, as far as its weights are drawn."""

    @property
    def genes(self) -> int:
        """Length D of a genome."""

    def initial_limits(self) -> NDArray[np.float64]:
        """(D,) largest initial value of each gene."""


_PHILOX = np.random.Philox(key=[0, 2])
_NUMBERS = np.random.Generator(_PHILOX)


def stream(seed: int, generation: int, index: int) -> np.random.Generator:
    """The numbers of one individual, such as which of its weights are mutated, and how.

    They come from one generator that is set to the place, since making a generator takes six times
    as long: draw all numbers of a stream before asking for the next.
    """
    _PHILOX.state = {
        "bit_generator": "Philox",
        "state": {
            "counter": np.array([0, 0, index, generation], np.uint64),
            "key": np.array([seed, 2], np.uint64),
        },
        "buffer": np.zeros(4, np.uint64),
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    return _NUMBERS


def random_genome(shape: GenomeShape, seed: int, index: int) -> Float:
    """(D,) uniform within Glorot's limits of each layer."""
    drawn = stream(seed, 0, index).uniform(-1, 1, shape.genes)
    return np.asarray(drawn * shape.initial_limits(), np.float32)


def mutate(parent: Float, random: np.random.Generator, rate: float, power: float) -> Float:
    """Point mutation: each gene with probability `rate` by U[-1, 1] times `power`: (D,) -> (D,)."""
    chosen = np.flatnonzero(random.random(parent.size, np.float32) < rate)
    child = parent.copy()
    child[chosen] += random.uniform(-power, power, chosen.size)
    return child


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
