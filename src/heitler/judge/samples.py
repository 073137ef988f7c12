"""What the classifiers look at: two kinds of showers, dealt into those that train, choose, decide.

Both samples get the same number N of showers. 60% of each kind train a classifier, 20% choose the
epoch that is kept, 20% are asked, as in CaloChallenge [arXiv:2410.21611].
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import Showers
from heitler.data.observables import measure_cells
from heitler.showers import apply_threshold
from heitler.validation.trees import layer_features

Rows = NDArray[np.int64]

SEEN, CHOICE = 0.6, 0.8
"""Ends of the first and second part of each kind."""


@dataclass(frozen=True)
class Sample:
    """Showers as the classifiers see them."""

    cells_GeV: NDArray[np.float32]
    """(N, X, Y, Z)"""
    primary_energy_GeV: NDArray[np.float64]
    """(N,)"""
    layers: NDArray[np.float32]
    """(N, F) high-level features of every layer"""

    def __len__(self) -> int:
        return len(self.primary_energy_GeV)


@dataclass(frozen=True)
class Pool:
    """True and generated showers together; the true ones come first."""

    showers: Sample
    label: NDArray[np.int64]
    """(M,) 1 is generated"""

    def rows_of(self, label: int) -> Rows:
        """Rows of one kind."""
        return np.flatnonzero(self.label == label)


@dataclass(frozen=True)
class Split:
    """Rows of a pool, both kinds mixed."""

    seen: Rows
    choice: Rows
    asked: Rows


def build_sample(parts: Iterable[Showers], threshold_GeV: float, most: int) -> Sample:
    """The first showers, so many at most; cells below the threshold count as 0."""
    cells, energies, layers, missing = [], [], [], most
    for part in parts:
        kept = apply_threshold(part.cells_GeV[:missing], threshold_GeV).astype(np.float32)
        energy = part.primary_energy_GeV[:missing]
        cells.append(kept)
        energies.append(energy.astype(np.float64))
        layers.append(layer_features(measure_cells(kept, energy)).astype(np.float32))
        missing -= len(energy)
        if missing <= 0:
            break
    return Sample(np.concatenate(cells), np.concatenate(energies), np.concatenate(layers))


def build_pool(generated: Sample, truth: Sample) -> Pool:
    """Both samples side by side."""

    def join(name: str) -> Any:
        return np.concatenate([getattr(sample, name) for sample in (truth, generated)])

    showers = Sample(*(join(field.name) for field in dataclasses.fields(Sample)))
    return Pool(showers, np.repeat([0, 1], [len(truth), len(generated)]))


def sizes(of_each: int) -> tuple[int, int, int]:
    """Showers of each kind that train, choose and are asked."""
    ends = round(SEEN * of_each), round(CHOICE * of_each)
    return ends[0], ends[1] - ends[0], of_each - ends[1]


def split(pool: Pool, of_each: int, seed: int) -> Split:
    """Deal so many showers of each kind alike into the three parts, each in random order."""
    random = np.random.default_rng([seed, of_each])
    ends = np.cumsum(sizes(of_each))
    kinds = [np.split(random.permutation(pool.rows_of(kind)), ends)[:3] for kind in (0, 1)]
    parts = [np.concatenate(both) for both in zip(*kinds, strict=True)]
    return Split(*(random.permutation(part) for part in parts))
