"""Which events each worker sees in each cycle, and reading them ahead of need.

Unless told otherwise, an epoch is one permutation of all training events, cut into cycles and
each cycle into groups, of equal size to within one event. A group shares its batch-norm
statistics and belongs to one worker, so every event is seen exactly once per epoch, by exactly
one worker; the cycles do not depend on the groups, nor the groups on how many workers there are.
"""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from heitler.base.hdf5_opening import open_for_reading
from heitler.config import ConfigError

Rows = NDArray[np.int64]
Batch = TypeVar("Batch")


@dataclass(frozen=True)
class CycleEvents:
    """One worker's share of one cycle."""

    cycle: int
    """Counted from the start of training."""
    rows: Rows
    """(n,) rows of the training file."""
    positions: Rows
    """(n,) places in the global batch, which key the random numbers of each event."""
    splits: NDArray[np.int32]
    """(groups + 1,) where each batch-norm group of this worker begins and ends in `rows`."""
    global_count: int
    """Events in the global batch."""


def cycles_per_epoch(showers: int, global_batch_size: int) -> int:
    """Whole cycles in an epoch; the remainder makes some of them larger.

    Raises:
        ConfigError: if there are fewer showers than one global batch.
    """
    if showers < global_batch_size:
        raise ConfigError(
            f"train.global_batch_size is {global_batch_size}, but the training set has only "
            f"{showers} showers. Lower it, or raise simulate.showers."
        )
    return showers // global_batch_size


def plan_epoch(
    showers: int,
    global_batch_size: int,
    groups: int,
    *,
    seed: int,
    epoch: int,
    sharding: Literal["own", "same"] = "own",
    stratify_by: NDArray[np.float32] | None = None,
) -> list[list[Rows]]:
    """Rows of every group of every cycle of an epoch (counted from 0): [cycle][group] -> (n,).

    With `sharding` "same" all groups read the same rows, the first of the file, unshuffled: a
    group's share of the epoch again and again, as the public 3DGAN code does.

    With `stratify_by`, (showers,) such as their primary energies, every cycle and every group has
    its values from the whole spectrum.
    """
    if sharding == "same":
        share = global_batch_size // groups
        count = cycles_per_epoch(showers, global_batch_size)
        return [[np.arange(c * share, (c + 1) * share)] * groups for c in range(count)]
    random, count = (
        np.random.default_rng([seed, epoch]),
        cycles_per_epoch(showers, global_batch_size),
    )
    if stratify_by is not None:
        cycles = _deal(np.arange(showers, dtype=np.int64), count, stratify_by, random)
        return [_deal(cycle, groups, stratify_by, random) for cycle in cycles]
    order = random.permutation(showers).astype(np.int64)
    return [np.array_split(cycle, groups) for cycle in np.array_split(order, count)]


def _deal(
    rows: Rows, hands: int, values: NDArray[np.float32], random: np.random.Generator
) -> list[Rows]:
    """Deal rows, sorted by their values, like cards: each hand has one of every quantile.

    Rows that are left over are a random choice; the first hands get one each.
    """
    shuffled = random.permutation(rows)
    extra, rest = np.split(shuffled, [len(rows) % hands])
    quantiles = rest[np.argsort(values[rest])].reshape(-1, hands)  # (n, hands)
    dealt = random.permuted(quantiles, axis=1).T  # (hands, n)
    return [np.append(hand, extra[place : place + 1]) for place, hand in enumerate(dealt)]


def worker_share(
    plan: list[list[Rows]], *, epoch: int, rank: int, workers: int
) -> list[CycleEvents]:
    """The events of one worker in every cycle of an epoch."""
    return [
        _share_of_cycle(groups, epoch * len(plan) + index, rank, workers)
        for index, groups in enumerate(plan)
    ]


def _share_of_cycle(groups: list[Rows], cycle: int, rank: int, workers: int) -> CycleEvents:
    own = len(groups) // workers
    first = rank * own
    sizes = [len(group) for group in groups]
    start, stop = sum(sizes[:first]), sum(sizes[: first + own])
    return CycleEvents(
        cycle=cycle,
        rows=np.concatenate(groups[first : first + own]),
        positions=np.arange(start, stop),
        splits=np.cumsum([0, *sizes[first : first + own]]).astype(np.int32),
        global_count=sum(sizes),
    )


@dataclass(frozen=True)
class Events:
    """Rows of a shower file: cells (n, X, Y, Z) GeV, energy (n,) GeV, theta (n,) rad, ids (n,)."""

    cells_GeV: NDArray[np.float32]
    primary_energy_GeV: NDArray[np.float32]
    theta_rad: NDArray[np.float32]
    event_id: NDArray[np.int64]


class TrainingFile:
    """Random access to the rows of a shower file; cells stay in it until a batch needs them."""

    def __init__(self, path: Path) -> None:
        self._file = open_for_reading(path)
        self.event_id: Rows = self._file["event_id"][:]
        self.primary_energy_GeV: NDArray[np.float32] = self._file["energy"][:]
        self._theta: NDArray[np.float32] = self._file["theta"][:]

    def __len__(self) -> int:
        return len(self.event_id)

    def read(self, rows: Rows) -> Events:
        """Read rows in any order.

        One by one: HDF5 takes four times as long for a list of rows as for each by itself.
        """
        stored = self._file["ECAL"]
        cells = np.empty((len(rows), *stored.shape[1:]), np.float32)
        for place, row in enumerate(rows):
            cells[place] = stored[row]
        energy = self.primary_energy_GeV[rows]
        return Events(cells, energy, self._theta[rows], self.event_id[rows])

    def read_ahead(
        self, shares: list[CycleEvents], assemble: Callable[[CycleEvents, Events], Batch]
    ) -> Iterator[tuple[CycleEvents, Batch]]:
        """Yield each cycle's batch; the next one is read and assembled while the caller works.

        Two batches are in memory at a time, the caller's and the next, however large the file.
        """
        with ThreadPoolExecutor(1) as reader:

            def submit(share: CycleEvents) -> Future[Batch]:
                return reader.submit(lambda: assemble(share, self.read(share.rows)))

            upcoming = submit(shares[0])
            for share, following in itertools.zip_longest(shares, shares[1:]):
                batch = upcoming.result()
                if following:
                    upcoming = submit(following)
                yield share, batch

    def close(self) -> None:
        """Close the file."""
        self._file.close()
