"""Errors by bootstrap, and the floor from pairs of independent Geant4 samples.

Bootstrap: both samples are drawn again from themselves, with replacement; the spread of a number
over the replicas is its error [B. Efron, Ann. Statist. 7 (1979) 1]. Floor: all Geant4 showers are
shuffled and dealt into a pair of samples as large as the generated and the true one, so that
numbers which depend on the sample size can be compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.data.observables import Observables, join

Measure = Callable[[Observables, Observables], dict[str, float]]
"""Numbers by name, from a generated and a true sample."""


LEFT_OVER = 0.2
"""Part of all Geant4 showers that a pair leaves over at least: they stand for training showers."""


@dataclass(frozen=True)
class FloorPair:
    """Independent Geant4 samples in the roles of generated, true and training showers."""

    generated: Observables
    truth: Observables
    rest: Observables
    """What is left over."""


def bootstrap(
    measure: Measure, generated: Observables, truth: Observables, replicas: int, seed: int
) -> dict[str, float]:
    """Standard deviation of every number over the replicas; NaN where it is never finite."""
    random = np.random.default_rng([seed, 0])
    found = [measure(_redraw(generated, random), _redraw(truth, random)) for _ in range(replicas)]
    return {name: _spread(np.array([numbers[name] for numbers in found])) for name in found[0]}


def floor_pairs(
    truth: Observables, reference: Observables, generated: int, splits: int, seed: int
) -> Iterator[FloorPair]:
    """Deal all Geant4 showers into pairs; smaller ones, in proportion, if there are too few."""
    pool = join([truth, reference])
    sizes = floor_sizes(generated, len(truth), len(pool))
    random = np.random.default_rng([seed, 1])
    for _ in range(splits):
        order = random.permutation(len(pool))
        first, second, rest = np.split(order, np.cumsum(sizes))
        yield FloorPair(pool[first], pool[second], pool[rest])


def floor_sizes(generated: int, truth: int, available: int) -> tuple[int, int]:
    """How many showers the two samples of a pair have."""
    part = min(1.0, (1 - LEFT_OVER) * available / (generated + truth))
    return int(part * generated), int(part * truth)


def _redraw(sample: Observables, random: np.random.Generator) -> Observables:
    return sample[random.integers(len(sample), size=len(sample))]


def _spread(values: NDArray[np.float64]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")
