"""Every event once per epoch, whatever the number of workers."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from heitler.config import ConfigError
from heitler.data.batches import (
    CycleEvents,
    Events,
    TrainingFile,
    cycles_per_epoch,
    plan_epoch,
    worker_share,
)
from heitler.data.hdf5 import Showers, write_showers


def plan(epoch: int = 0, groups: int = 4) -> list[list[np.ndarray]]:
    return plan_epoch(103, 16, groups, seed=1, epoch=epoch)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_event_is_seen_once_per_epoch_over_all_workers(workers: int) -> None:
    rows = [
        share.rows
        for rank in range(workers)
        for share in worker_share(plan(), epoch=0, rank=rank, workers=workers)
    ]
    assert sorted(np.concatenate(rows)) == list(range(103))


@pytest.mark.parametrize("groups", [1, 2, 8])
def test_a_cycle_has_the_same_events_whatever_its_groups(groups: int) -> None:
    for cycle, other in zip(plan(groups=4), plan(groups=groups), strict=True):
        assert np.array_equal(np.concatenate(cycle), np.concatenate(other))


def test_groups_differ_by_at_most_one_event() -> None:
    sizes = {len(group) for cycle in plan() for group in cycle}
    assert len(sizes) == 2
    assert max(sizes) - min(sizes) == 1


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_hold_the_groups_of_one_worker_in_order(workers: int) -> None:
    """So the random numbers, keyed by place in the global batch, do not depend on the workers."""
    [whole, *_] = worker_share(plan(), epoch=0, rank=0, workers=1)
    parts = [worker_share(plan(), epoch=0, rank=r, workers=workers)[0] for r in range(workers)]
    assert np.array_equal(np.concatenate([p.rows for p in parts]), whole.rows)
    assert np.array_equal(np.concatenate([p.positions for p in parts]), whole.positions)
    assert all(p.global_count == whole.global_count == len(whole.rows) for p in parts)


def test_epochs_are_shuffled_differently_and_repeatably() -> None:
    first, second = np.concatenate(plan(0)[0]), np.concatenate(plan(1)[0])
    assert not np.array_equal(first, second)
    assert np.array_equal(first, np.concatenate(plan(0)[0]))


def test_cycles_are_counted_on_through_the_epochs() -> None:
    last = worker_share(plan(0), epoch=0, rank=0, workers=1)[-1].cycle
    assert worker_share(plan(1), epoch=1, rank=0, workers=1)[0].cycle == last + 1


@pytest.mark.parametrize("groups", [1, 4])
def test_stratified_batches_have_one_shower_of_every_quantile(groups: int) -> None:
    """96 showers in 6 cycles of 16: each of the 16 quantiles of 6 showers gives one to a cycle."""
    energy = np.random.default_rng(1).permutation(96).astype(np.float32)
    planned = plan_epoch(96, 16, groups, seed=1, epoch=2, stratify_by=energy)
    for cycle in planned:
        assert sorted(energy[np.concatenate(cycle)] // 6) == list(range(16))
        rank_in_cycle = np.argsort(np.argsort(energy[np.concatenate(cycle)]))
        for ranks in np.split(rank_in_cycle, groups):
            assert sorted(ranks // groups) == list(range(16 // groups))
    assert sorted(np.concatenate([row for cycle in planned for row in cycle])) == list(range(96))


def test_stratified_batches_see_every_shower_once_if_some_are_left_over() -> None:
    energy = np.random.default_rng(1).uniform(10, 100, 103).astype(np.float32)
    planned = plan_epoch(103, 16, 4, seed=1, epoch=0, stratify_by=energy)
    sizes = {len(group) for cycle in planned for group in cycle}
    assert max(sizes) - min(sizes) == 1
    assert sorted(np.concatenate([row for cycle in planned for row in cycle])) == list(range(103))
    again = plan_epoch(103, 16, 4, seed=1, epoch=1, stratify_by=energy)
    assert not np.array_equal(planned[0][0], again[0][0])


def test_same_sharding_reads_one_groups_share_again_and_again() -> None:
    """103 showers in batches of 16 over 4 groups: 6 cycles of the same 4 rows per group."""
    planned = plan_epoch(103, 16, 4, seed=1, epoch=3, sharding="same")
    assert len(planned) == 6
    for cycle, groups in enumerate(planned):
        for group in groups:
            assert list(group) == list(range(4 * cycle, 4 * cycle + 4))


def test_fewer_showers_than_a_batch_are_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"only 9 showers. Lower it, or raise simulate.showers"):
        cycles_per_epoch(9, 16)


@pytest.fixture
def file(tmp_path: Path) -> TrainingFile:
    """Ten showers; each cell of a shower holds its primary energy, 10 GeV + row."""
    energy = np.arange(10, 20, dtype=np.float32)
    cells = np.ones((10, 2, 2, 2), np.float32) * energy[:, None, None, None]
    event_id = np.arange(10)
    write_showers(tmp_path / "s.h5", Showers(cells, energy, energy, event_id, energy), {})
    return TrainingFile(tmp_path / "s.h5")


def shares_of(showers: int, batch: int) -> list[CycleEvents]:
    plan = plan_epoch(showers, batch, 2, seed=3, epoch=0)
    return worker_share(plan, epoch=0, rank=0, workers=1)


def test_rows_are_read_in_the_order_asked_for(file: TrainingFile) -> None:
    for share, events in file.read_ahead(shares_of(10, 4), lambda share, events: events):
        assert np.array_equal(events.event_id, share.rows)
        assert np.array_equal(events.primary_energy_GeV, 10 + share.rows)
        assert np.array_equal(events.cells_GeV[:, 1, 1, 1], 10 + share.rows)


def test_one_batch_is_assembled_while_the_caller_works_and_no_more(file: TrainingFile) -> None:
    assembled = [threading.Event() for _ in range(5)]

    def assemble(share: CycleEvents, events: Events) -> int:
        assembled[share.cycle].set()
        return share.cycle

    for _, cycle in file.read_ahead(shares_of(10, 2), assemble):
        if cycle < 4:
            assert assembled[cycle + 1].wait(timeout=30)
        time.sleep(0.02)  # a reader that ran further ahead would show
        assert not any(batch.is_set() for batch in assembled[cycle + 2 :])


def test_an_error_in_the_reading_thread_reaches_the_caller(file: TrainingFile) -> None:
    def assemble(share: CycleEvents, events: Events) -> None:
        if share.cycle == 1:
            raise OSError("disk is gone")

    with pytest.raises(OSError, match="disk is gone"):
        list(file.read_ahead(shares_of(10, 2), assemble))
