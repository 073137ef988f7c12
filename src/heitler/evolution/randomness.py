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
