"""Training from start (or the last checkpoint) to the last epoch, on all workers."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.stopping import stop_requests
from heitler.cluster.world import World, broadcast_from_first, gather_arrays, share_object
from heitler.config import Config
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.hdf5 import Showers
from heitler.data.summary import DataSummary
from heitler.kept.folder import Kept
from heitler.model.gan import (
    Gan,
    batch_norms,
    build_gan,
    sample_cells_GeV,
    sample_in_training_mode_GeV,
)
from heitler.model.networks import noise_dim
from heitler.model.optimizers import learning_rate_at
from heitler.model.recipes import recipe_of, updates_per_cycle
from heitler.onednn import require_onednn
from heitler.progress import Advance, progress_bar
from heitler.training.assembly import BatchAssembler
from heitler.training.checkpoints import EpochSoFar, Metrics, find_checkpoint
from heitler.training.checks import check_coverage, check_result
from heitler.training.cycle import compile_cycle
from heitler.training.keeper import Keeper
from heitler.training.randomness import validation_noise
from heitler.training.start import start_from_showers
from heitler.training.tally import Tally
from heitler.training.timing import EpochTimer


@dataclass(frozen=True)
class TrainingInput:
    """What training reads."""

    train_file: Path
    validation: Showers
    summary: DataSummary


Initial = Callable[[], Mapping[str, NDArray[Any]]]
PhysicsCheck = Callable[[NDArray[np.float32], NDArray[np.float32] | None], Metrics]
"""Generated validation showers (N, X, Y, Z) GeV -> metrics by name; first with batch norm's moving
averages, then with the statistics of training batches (None if there are too few showers)."""


def train(
    config: Config,
    data: TrainingInput,
    world: World,
    *,
    folder: Path,
    kept: Kept,
    check_physics: PhysicsCheck,
    log_epoch: Callable[[Metrics, int], None],
    label: str = "training",
    initial: Initial | None = None,
    training_mode: bool = True,
) -> tuple[Gan, list[Metrics]]:
    """Train to `train.epochs` or `train.cycles`; all workers return equal networks and history.

    Args:
        folder: of the checkpoints, from whose newest it goes on.
        kept: which of them are of this training.
        label: stands before the progress bar.
        initial: makes the variables to begin with (as of `Gan.variables`), without a checkpoint.
        training_mode: whether `check_physics` gets its second argument; else it is None.

    Raises:
        OneDnnError: if TensorFlow does not use oneDNN on this worker.
        TrainingError: if a loss is not finite, all fakes are empty, or sharding lost events.
        Interrupted: after saving, if a worker was asked to stop.
    """
    require_onednn()
    gan = build_gan(config.model, config.train, data.summary.image_shape)
    if initial:
        _begin_with(gan, initial())
    epochs = _Epochs(config, data, world, gan)
    history, before = _restore(gan, world, folder, kept, epochs.count, data.train_file)
    if world.writes:
        for metrics in history:  # the run that tracks this training may be a new one
            log_epoch(metrics, int(metrics["epoch"]))
    train = config.train
    keeper = Keeper(folder, gan, history, kept.origin.fingerprint, train, world)
    done = len(history) * epochs.cycles_per_epoch + (len(before.losses) if before else 0)
    with (
        stop_requests() as asked_to_stop,
        progress_bar(label, epochs.cycles, done=done, show=world.writes) as advance,
    ):
        keeper.watch(asked_to_stop)
        for epoch in range(len(history), epochs.count):
            metrics = {"epoch": epoch + 1.0, **epochs.run(epoch, before, keeper, advance)}
            ended = time.monotonic()
            other = epochs.sample_validation_in_training_mode() if training_mode else None
            metrics |= check_physics(epochs.sample_validation(), other)
            metrics["evaluation_time_s"] = time.monotonic() - ended
            before = None
            history.append(metrics)
            keeper.save()
            if world.writes:
                log_epoch(metrics, epoch + 1)
    return gan, history


def _begin_with(gan: Gan, variables: Mapping[str, NDArray[Any]]) -> None:
    """Set what these variables have; others, as of another optimiser, stay as they were made."""
    for name, variable in gan.variables().items():
        if name in variables and variables[name].shape == tuple(variable.shape):
            variable.assign(variables[name])


def _restore(
    gan: Gan, world: World, folder: Path, kept: Kept, epochs: int, train_file: Path
) -> tuple[list[Metrics], EpochSoFar | None]:
    """Rank 0 looks for a checkpoint; all workers get its state, or rank 0's initial weights."""
    history: list[Metrics] = []
    before = None
    if world.writes:
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = find_checkpoint(folder, kept, epochs)
        if checkpoint:
            checkpoint.restore(gan)
            history, before = checkpoint.history, checkpoint.so_far
            within = f" and {len(before.losses)} cycles" if before else ""
            print(f"resuming after epoch {checkpoint.epoch} of {epochs}{within}", flush=True)
        else:
            start_from_showers(gan, train_file)
    broadcast_from_first(list(gan.variables().values()))
    history, before = share_object((history, before))
    return history, before


class _Epochs:
    def __init__(self, config: Config, data: TrainingInput, world: World, gan: Gan) -> None:
        self.config, self.data, self.world, self.gan = config, data, world, gan
        self.file = TrainingFile(data.train_file)
        self.cycle = compile_cycle(gan, config.train)
        self.assemble = BatchAssembler(config.model, config.train, data.summary)
        self.cycles_per_epoch = len(self._plan(0))
        wanted = config.train.epochs * self.cycles_per_epoch
        self.cycles = min(wanted, config.train.cycles or wanted)
        self.count = math.ceil(self.cycles / self.cycles_per_epoch)

    def _plan(self, epoch: int) -> list[list[NDArray[np.int64]]]:
        train = self.config.train
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
            result = check_result(self.cycle(keeper.ask(batch)), share.cycle)
            tally.add(result, self.file.event_id[share.rows], share.global_count)
            input_s, ready = begun - ready, time.time()
            timer.add(input_s, ready - begun, result.reductions.numpy())
            advance(note=f"epoch {epoch + 1}/{self.count}")
            if share is not left[-1]:
                keeper.keep_if_asked(result, tally, timer)
        seen = tally.event_ids()
        early, train = len(shares) < len(whole), self.config.train
        expected = sum(share.global_count for share in shares) if early else len(self.file)
        if train.sharding == "own":
            check_coverage(seen, self.file.event_id, expected, epoch)
        times = timer.metrics()
        return {
            **tally.metrics(),
            "cycles": float(len(shares)),
            "updates": float(len(shares) * updates_per_cycle(self.config.model, train)),
            **times,
            "learning_rate": float(self.gan.generator_optimizer.learning_rate.numpy()),
            "showers_per_second": len(seen) / times["epoch_time_s"],
            "events_seen": float(len(seen)),
            "unique_events_seen": float(len(np.unique(seen))),
            "workers": float(self.world.size),
        }

    def _set_learning_rate(self, cycle: int) -> None:
        recipe = recipe_of(self.config.model)
        rate = learning_rate_at(cycle, self.cycles_per_epoch, self.config.train, recipe)
        self.gan.generator_optimizer.learning_rate.assign(rate)
        if self.gan.discriminator_optimizer:
            self.gan.discriminator_optimizer.learning_rate.assign(rate * recipe.discriminator_rate)

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
        train, count = self.config.train, len(self.data.validation)
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
        seed, size = self.config.train.seed, noise_dim(self.gan.model)
        noise = validation_noise(seed, len(self.data.validation), size)[rows]
        energy, theta = showers.primary_energy_GeV, showers.theta_rad
        return sampler(self.gan.exported, self.gan.model, noise, energy, theta)
