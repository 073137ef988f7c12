"""Runs in the workers: some cycles of the real training, timed one by one."""

import dataclasses
import itertools
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.alone import leave_the_others
from heitler.cluster.pinning import pin_process, read_cores
from heitler.cluster.world import (
    World,
    broadcast_from_first,
    gather_arrays,
    gather_objects,
    join_world,
    wait_for_all,
)
from heitler.config import Config
from heitler.data.batches import CycleEvents, TrainingFile, plan_epoch, worker_share
from heitler.data.summary import DataSummary
from heitler.model.gan import build_gan
from heitler.scaling.meeting import EnergyMeter, Meeting
from heitler.scaling.points import Point, Record, Setup, Start, record_path, write_record
from heitler.tracking.provenance import machine
from heitler.training.batch import BatchAssembler, CycleBatch
from heitler.training.cycle import CycleResult, compile_cycle
from heitler.training.epoch import named_losses
from heitler.training.timing import straggler_wait

Seconds = NDArray[np.float64]
Cycle = Callable[[CycleBatch], CycleResult]
SPARE = 3
"""Times as many cycles as are measured, for independent processes that are done first."""
FEWEST_WARM_CYCLES = 2
LONGEST_WARMUP_S = 20.0
BRIEF = 3
"""Cycles of software that is slow and differs by factors, after the fewest to warm up."""


def measure_points(
    config: Config,
    points: Sequence[Point],
    start: Start,
    train_file: Path,
    summary: DataSummary,
    folder: Path,
) -> None:
    """Measure the points of one setup and write their records; runs in every worker."""
    setup, cluster = points[0].setup, config.cluster
    copies = setup.workers if setup.independent else 1
    place = leave_the_others() if setup.independent else 0
    threads = config.scale.threads_per_worker
    if copies == setup.workers and cluster.pin_cores:
        _keep_own_cores(place, threads)
    world = join_world(setup.workers // copies, threads, pin_cores=cluster.pin_cores)
    bench = Bench(config, setup, world, train_file, summary)
    for point in points:
        meeting = Meeting(start.meeting / point.name, place, copies)
        record = bench.measure(point, start, meeting)
        if world.writes:
            write_record(record_path(folder, point, start.repeat, place), record)


def _keep_own_cores(place: int, threads: int) -> None:
    """One process alone gets no more cores than it would have beside others."""
    cores = read_cores()
    own = [cores[number % len(cores)] for number in range(place * threads, (place + 1) * threads)]
    pin_process([cpu for core in own for cpu in core.cpus])


class Bench:
    """The networks and their compiled cycle, for all points of one setup."""

    def __init__(
        self, config: Config, setup: Setup, world: World, train_file: Path, summary: DataSummary
    ) -> None:
        """Build the networks; every worker starts from rank 0's weights."""
        design = dataclasses.replace(config.model, kernels=setup.kernels).design
        train = dataclasses.replace(
            config.train,
            workers=world.size,
            virtual_workers=None,
            global_batch_size=world.size * config.scale.per_worker_batch_size,
        )
        self.train, self.world = train, world
        usual, scale = setup.is_usual(config.model), config.scale
        self.cycles = scale.cycles if usual else min(BRIEF, scale.cycles)
        fewest = min(FEWEST_WARM_CYCLES, scale.warmup_cycles)
        self.warmup_cycles = scale.warmup_cycles if usual else fewest
        self.file = TrainingFile(train_file)
        gan = build_gan(design, train, summary.image_shape)
        broadcast_from_first(list(gan.variables().values()))
        self.cycle: Cycle = compile_cycle(gan, train)  # for batches of any size
        self.assemble = BatchAssembler(design, train, summary)

    def measure(self, point: Point, start: Start, meeting: Meeting) -> Record:
        """Warm up, then time `cycles` cycles; all workers return the same record.

        Independent processes wait for each other at the meeting and keep this machine busy until
        all are done.
        """
        copies = meeting.size
        batches = self.batches(
            point.global_batch_size // copies, self.warmup_cycles + (1 + SPARE) * self.cycles
        )
        self.warm_up(itertools.islice(batches, self.warmup_cycles))
        meeting.wait("warm")
        wait_for_all()
        meter = EnergyMeter()
        times = self.time(itertools.islice(batches, self.cycles))
        energy_J = meter.used_J()
        meeting.say("done")
        for _, batch in batches:
            if meeting.all_said("done"):
                break
            self._run(batch)
        hosts = gather_objects([platform.node(), energy_J], "energy")
        return Record(
            point=point.name,
            repeat=start.repeat,
            fingerprint=start.fingerprint,
            seconds=split_times(gather_arrays(times[None], "times")),
            energy_J=_sum_over_hosts(hosts),
            hosts=[host for host, _ in hosts],
            cpu=machine()["cpu"],
            threads=self.world.threads,
        )

    def warm_up(self, batches: Iterable[tuple[CycleEvents, CycleBatch]]) -> None:
        """Until memory is laid out: the same number of cycles on all workers.

        With two workers several threads take turns in making tensors, and the first ten cycles
        or so pay for pages that the later ones reuse.
        """
        begun = time.monotonic()
        for number, (_, batch) in enumerate(batches, start=1):
            self._run(batch)
            long = np.array([time.monotonic() - begun > LONGEST_WARMUP_S])
            if number >= FEWEST_WARM_CYCLES and gather_arrays(long, "warm").any():
                break

    def batches(self, batch_size: int, cycles: int) -> Iterator[tuple[CycleEvents, CycleBatch]]:
        """This worker's batches, read ahead as in training."""
        shares: list[CycleEvents] = []
        for epoch in itertools.count():
            plan = plan_epoch(
                len(self.file), batch_size, self.world.size, seed=self.train.seed, epoch=epoch
            )
            shares += worker_share(plan, epoch=epoch, rank=self.world.rank, workers=self.world.size)
            if len(shares) >= cycles:
                break
        return self.file.read_ahead(shares[:cycles], self.assemble)

    def _run(self, batch: CycleBatch) -> CycleResult:
        result = self.cycle(batch)
        named_losses(result)  # training looks at every loss, too
        return result

    def time(self, batches: Iterable[tuple[CycleEvents, CycleBatch]]) -> Seconds:
        """(cycles, 3 + 2 x updates) s: begin, batch there, end; each all-reduce's begin and end."""
        rows = []
        before = time.time()  # the clock of tf.timestamp
        for _, batch in batches:
            there = time.time()
            reductions = self._run(batch).reductions.numpy()
            rows.append([before, there, time.time(), *reductions.ravel()])
            before = rows[-1][2]
        return np.array(rows)


def split_times(every: Seconds) -> dict[str, Seconds]:
    """Where the time of every cycle went, on every worker: (workers, cycles) s each.

    As `heitler.training.timing` defines it: `straggler_wait_s` is the part of the all-reduces in
    which the slowest worker was not ready, `communication_s` the rest of them.

    Args:
        every: (workers, cycles, 3 + 2 x updates), of each worker what `Bench` timed.
    """
    begin, there, end = every[..., 0], every[..., 1], every[..., 2]
    ready, done = every[..., 3::2], every[..., 4::2]  # (W, C, U)
    shape = ready.shape
    flat_done = done.reshape(shape[0], -1)
    before = np.concatenate([begin[:, :1], flat_done[:, :-1]], axis=1)
    own = ready.reshape(shape[0], -1) - before
    reduction = flat_done - ready.reshape(shape[0], -1)
    waited = straggler_wait(own, reduction).reshape(shape).sum(axis=-1)
    reduced = reduction.reshape(shape).sum(axis=-1)
    wall, input_wait = end - begin, there - begin
    return {
        "wall_s": wall,
        "compute_s": wall - input_wait - reduced,
        "communication_s": reduced - waited,
        "straggler_wait_s": waited,
        "input_wait_s": input_wait,
    }


def _sum_over_hosts(read: list[tuple[str, float | None]]) -> float | None:
    """Each worker read the energy of its whole machine."""
    by_host = dict(read)
    if any(joules is None for joules in by_host.values()):
        return None
    return sum(joules for joules in by_host.values() if joules is not None)
