"""One epoch on one worker: its cycles one after another, what they find, and reasons to stop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.base.progress import Advance
from heitler.cluster.world import World, gather_arrays
from heitler.config import TrainConfig
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.hdf5 import Showers
from heitler.data.summary import DataSummary
from heitler.model.gan import Gan, batch_norms, sample_cells_GeV, sample_in_training_mode_GeV
from heitler.model.optimizers import learning_rate_at
from heitler.training.batch import BatchAssembler, validation_noise
from heitler.training.checkpoints import EpochSoFar, Metrics
from heitler.training.cycle import CycleResult, compile_cycle
from heitler.training.keeper import Keeper
from heitler.training.noise_scale import GradientNoise
from heitler.training.timing import EpochTimer


class TrainingError(HeitlerError):
    """Training cannot go on: a loss is not finite, the generator is dead, events were lost."""


@dataclass(frozen=True)
class TrainingInput:
    """What training reads."""

    train_file: Path
    validation: Showers
    summary: DataSummary


class Epochs:
    """One worker's epochs of a training, and the showers that its generator makes between them."""

    def __init__(self, gan: Gan, train: TrainConfig, data: TrainingInput, world: World) -> None:
        self.gan, self.settings, self.data, self.world = gan, train, data, world
        self.file = TrainingFile(data.train_file)
        self.cycle = compile_cycle(gan, train)
        self.assemble = BatchAssembler(gan.design, train, data.summary)
        self.updates = len(gan.family.update_names(train.generator_updates_per_cycle))
        self.cycles_per_epoch = len(self._plan(0))
        wanted = train.epochs * self.cycles_per_epoch
        self.cycles = min(wanted, train.cycles or wanted)
        self.count = math.ceil(self.cycles / self.cycles_per_epoch)

    def _plan(self, epoch: int) -> list[list[NDArray[np.int64]]]:
        train = self.settings
        return plan_epoch(
            len(self.file),
            train.global_batch_size,
            train.batch_norm_groups,
            seed=train.seed,
            epoch=epoch,
            sharding=train.sharding,
            stratify_by=self.file.primary_energy_GeV if train.batches == "stratified" else None,
        )

    def run(
        self, epoch: int, before: EpochSoFar | None, keeper: Keeper, advance: Advance
    ) -> Metrics:
        """One epoch on this worker, or the rest of it; metrics are equal on all workers."""
        plan = self._plan(epoch)
        whole = worker_share(plan, epoch=epoch, rank=self.world.rank, workers=self.world.size)
        shares = whole[: self.cycles - epoch * len(plan)]
        left = shares[len(before.losses) :] if before else shares
        tally, timer = Tally(before), EpochTimer(before)
        ready = timer.started
        for share, batch in self.file.read_ahead(left, self.assemble):
            begun = time.time()
            self._set_learning_rate(share.cycle)
            asked = tf.constant(keeper.wishes(), batch.count.dtype)
            result = check_result(self.cycle(batch._replace(asked=asked)), share.cycle)
            tally.add(result, self.file.event_id[share.rows], share.global_count)
            input_s, ready = begun - ready, time.time()
            timer.add(input_s, ready - begun, result.reductions.numpy())
            advance(note=f"epoch {epoch + 1}/{self.count}")
            if share is not left[-1]:
                keeper.keep_if_asked(result.asked, lambda: tally.so_far(timer.metrics()))
        seen = tally.event_ids()
        early = len(shares) < len(whole)
        expected = sum(share.global_count for share in shares) if early else len(self.file)
        if self.settings.sharding == "own":
            check_coverage(seen, self.file.event_id, expected, epoch)
        times = timer.metrics()
        return {
            **tally.metrics(),
            "cycles": float(len(shares)),
            "updates": float(len(shares) * self.updates),
            **times,
            "learning_rate": float(self.gan.generator_optimizer.learning_rate.numpy()),
            "showers_per_second": len(seen) / times["epoch_time_s"],
            "events_seen": float(len(seen)),
            "unique_events_seen": float(len(np.unique(seen))),
            "workers": float(self.world.size),
        }

    def _set_learning_rate(self, cycle: int) -> None:
        design = self.gan.design
        rate = learning_rate_at(cycle, self.cycles_per_epoch, self.settings, design)
        self.gan.generator_optimizer.learning_rate.assign(rate)
        if self.gan.discriminator_optimizer:
            self.gan.discriminator_optimizer.learning_rate.assign(rate * design.discriminator_rate)

    def sample_validation(self) -> NDArray[np.float32]:
        """Showers at the validation set's energies, made by all workers together."""
        count = len(self.data.validation)
        own = np.array_split(np.arange(count), self.world.size)[self.world.rank]
        return gather_arrays(self._sample(own, sample_cells_GeV), "validation")

    def sample_validation_in_training_mode(self) -> NDArray[np.float32] | None:
        """The same with the batch-norm statistics of groups as large as in training.

        Every worker makes equally many groups, because they may meet in a sum over workers. None
        if there are fewer showers than groups, or no batch norm: it would be the same.
        """
        if not batch_norms(self.gan.exported):
            return None
        train, count = self.settings, len(self.data.validation)
        batches = max(count // train.global_batch_size, 1)
        groups = np.array_split(np.arange(count), train.batch_norm_groups * batches)
        if count < len(groups):
            return None
        per_worker = len(groups) // self.world.size
        first = self.world.rank * per_worker
        parts = [
            self._sample(rows, sample_in_training_mode_GeV)
            for rows in groups[first : first + per_worker]
        ]
        return gather_arrays(np.concatenate(parts), "validation_in_training_mode")

    def _sample(
        self, rows: NDArray[np.int64], sampler: Callable[..., NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        showers = self.data.validation[rows]
        design, count = self.gan.design, len(self.data.validation)
        noise = validation_noise(self.settings.seed, count, design.noise_dim)[rows]
        energy, theta = showers.primary_energy_GeV, showers.theta_rad
        return sampler(self.gan.exported, design, noise, energy, theta)


def named_losses(result: CycleResult) -> Metrics:
    """Losses of one cycle, flat: `discriminator_real_total`, `generator_1_ecal_sum`, ..."""
    return {
        f"{update}_{name}": float(loss)
        for update, parts in result.losses.items()
        for name, loss in parts.items()
    }


class Tally:
    """One worker's cycles of an epoch, after those that were done before it was interrupted."""

    def __init__(self, before: EpochSoFar | None = None) -> None:
        self.losses: list[Metrics] = list(before.losses) if before else []
        self._ids: list[NDArray[np.int64]] = []
        self._ids_before = np.array(before.event_ids if before else [], np.int64)
        self.noise = GradientNoise(before.noise if before else None)

    def add(self, result: CycleResult, ids: NDArray[np.int64], global_count: int) -> None:
        """Take in one cycle: what it computed from which events; events of the global batch."""
        self.losses.append(named_losses(result))
        self._ids.append(ids)
        for update, norms in result.gradient_norms.items():
            self.noise.add(update.partition("_")[0], np.asarray(norms, np.float64), global_count)

    def so_far(self, times: Metrics) -> EpochSoFar:
        """What an epoch that goes on later begins with; `times` as of `EpochTimer`."""
        ids = self.event_ids().tolist()
        return EpochSoFar(self.losses, self.noise.estimates, ids, times)

    def event_ids(self) -> NDArray[np.int64]:
        """Ids of all events that the workers used in this epoch: (n,)."""
        own = np.concatenate([*self._ids, np.array([], np.int64)])
        return np.concatenate([self._ids_before, gather_arrays(own, "event_ids")])

    def metrics(self) -> Metrics:
        """Equal on all workers: losses, means over cycles, and gradient noise scales."""
        names = self.losses[0]
        losses = {name: float(np.mean([cycle[name] for cycle in self.losses])) for name in names}
        return losses | self.noise.metrics()


def check_result(result: CycleResult, cycle: int) -> CycleResult:
    """Stop as soon as going on is pointless; equal on all workers, as the losses are.

    Raises:
        TrainingError: if a loss is not finite or every generated shower is empty.
    """
    wrong = [name for name, loss in named_losses(result).items() if not np.isfinite(loss)]
    if wrong:
        raise TrainingError(
            f"cycle {cycle}: {', '.join(wrong)} is not finite. Training cannot go on. "
            "Lower train.learning_rate, or look at the figures of the data in reports/prepare."
        )
    if float(result.empty_fraction) == 1.0:
        raise TrainingError(
            f"cycle {cycle}: every generated shower is empty; the generator is dead. "
            "Lower train.learning_rate or train.loss_weights.ecal_sum, or change train.seed."
        )
    return result


def check_coverage(
    seen: NDArray[np.int64], events: NDArray[np.int64], expected: int, epoch: int
) -> None:
    """Check that all workers together saw as many different events as they should.

    Args:
        seen: (n,) ids that the workers used.
        events: (N,) ids of the training set.
        expected: N for a whole epoch, less for one that `train.cycles` ends early.
        epoch: counted from 0.

    Raises:
        TrainingError: if an event was lost or seen twice.
    """
    different = np.unique(seen)
    if len(seen) != expected or len(different) != expected or not np.isin(seen, events).all():
        raise TrainingError(
            f"epoch {epoch + 1}: the workers saw {len(different)} different events in "
            f"{len(seen)} reads, not {expected} of the training set's {len(events)} once each. "
            "Sharding is broken."
        )
