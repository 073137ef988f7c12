"""Random numbers keyed by what they are for: (seed, generation, index), never by who draws them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


class GenomeShape(Protocol):
    """A network, as far as its weights are drawn."""

    @property
    def genes(self) -> int:
        """Length D of a genome."""

    def initial_limits(self) -> NDArray[np.float64]:
        """(D,) largest initial value of each gene."""


def stream(seed: int, generation: int, index: int) -> np.random.Generator:
    """The numbers of one individual, such as which of its weights are mutated, and how."""
    return np.random.Generator(np.random.Philox(key=[seed, 2], counter=[0, 0, index, generation]))


def random_genome(shape: GenomeShape, seed: int, index: int) -> Float:
    """(D,) uniform within Glorot's limits of each layer."""
    drawn = stream(seed, 0, index).uniform(-1, 1, shape.genes)
    return np.asarray(drawn * shape.initial_limits(), np.float32)


def mutate(parent: Float, random: np.random.Generator, rate: float, power: float) -> Float:
    """Point mutation: each gene with probability `rate` by U[-1, 1] times `power`: (D,) -> (D,)."""
    chosen = random.random(parent.size, np.float32) < rate
    change = random.uniform(-1, 1, parent.size) * power
    return np.where(chosen, parent + change.astype(np.float32), parent)
