"""Training from start (or the last checkpoint) to the last epoch, on all workers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.cluster.world import World, broadcast_from_first, gather_arrays, share_object
from heitler.config import Config
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.hdf5 import Showers
from heitler.data.summary import DataSummary
from heitler.errors import HeitlerError
from heitler.model.gan import Gan, build_gan, sample_cells_GeV
from heitler.model.networks import noise_dim
from heitler.progress import Advance, progress_bar
from heitler.training.assembly import BatchAssembler
from heitler.training.batch import CycleResult
from heitler.training.checkpoints import Metrics, find_checkpoint, save_checkpoint
from heitler.training.cycle import compile_cycle
from heitler.training.randomness import validation_noise


class TrainingError(HeitlerError):
    """Training cannot go on: a loss is not finite, the generator is dead, events were lost."""


@dataclass(frozen=True)
class TrainingInput:
    """What training reads."""

    train_file: Path
    validation: Showers
    summary: DataSummary


PhysicsCheck = Callable[[NDArray[np.float32]], Metrics]
"""Generated validation showers (N, X, Y, Z) GeV -> metrics by name."""


def train(
    config: Config,
    data: TrainingInput,
    world: World,
    *,
    folder: Path,
    fingerprint: str,
    check_physics: PhysicsCheck,
    log_epoch: Callable[[Metrics, int], None],
) -> tuple[Gan, list[Metrics]]:
    """Train to `train.epochs`; every worker returns the same networks and history.

    Raises:
        TrainingError: if a loss is not finite, all fakes are empty, or sharding lost events.
    """
    gan = build_gan(config.model, config.train, data.summary.image_shape)
    history = _restore(gan, world, folder, fingerprint, config.train.epochs)
    if world.writes:
        for metrics in history:  # the run that tracks this training may be a new one
            log_epoch(metrics, int(metrics["epoch"]))
    epochs = _Epochs(config, data, world, gan)
    cycles = epochs.cycles_per_epoch
    with progress_bar(
        "training", config.train.epochs * cycles, done=len(history) * cycles, show=world.writes
    ) as advance:
        for epoch in range(len(history), config.train.epochs):
            metrics = {"epoch": epoch + 1.0, **epochs.run(epoch, advance)}
            metrics |= check_physics(epochs.sample_validation())
            history.append(metrics)
            if world.writes:
                save_checkpoint(folder, gan, history, fingerprint, config.train.keep_checkpoints)
                log_epoch(metrics, epoch + 1)
    return gan, history


def _restore(gan: Gan, world: World, folder: Path, fingerprint: str, epochs: int) -> list[Metrics]:
    """Rank 0 looks for a checkpoint; all workers get its state, or rank 0's initial weights."""
    history: list[Metrics] = []
    if world.writes:
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = find_checkpoint(folder, fingerprint, epochs)
        if checkpoint:
            checkpoint.restore(gan)
            history = checkpoint.history
            print(f"resuming after epoch {checkpoint.epoch} of {epochs}", flush=True)
    broadcast_from_first(list(gan.variables().values()))
    shared: list[Metrics] = share_object(history)
    return shared


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


def check_coverage(seen: NDArray[np.int64], expected: NDArray[np.int64], epoch: int) -> None:
    """Check that all workers together saw every training event exactly once: ids (N,), (N,).

    Raises:
        TrainingError: if not.
    """
    if not np.array_equal(np.sort(seen), np.sort(expected)):
        raise TrainingError(
            f"epoch {epoch + 1}: the workers saw {len(np.unique(seen))} different events in "
            f"{len(seen)} reads, not each of {len(expected)} once. Sharding is broken."
        )


class _Epochs:
    def __init__(self, config: Config, data: TrainingInput, world: World, gan: Gan) -> None:
        self.config, self.data, self.world, self.gan = config, data, world, gan
        self.file = TrainingFile(data.train_file)
        self.cycle = compile_cycle(gan, config.train)
        self.assemble = BatchAssembler(config.model, config.train, data.summary)
        self.cycles_per_epoch = len(self._plan(0))

    def _plan(self, epoch: int) -> list[list[NDArray[np.int64]]]:
        train = self.config.train
        return plan_epoch(
            len(self.file),
            train.global_batch_size,
            train.batch_norm_groups,
            seed=train.seed,
            epoch=epoch,
        )

    def run(self, epoch: int, advance: Advance) -> Metrics:
        """One epoch on this worker; metrics are equal on all workers."""
        shares = worker_share(
            self._plan(epoch), epoch=epoch, rank=self.world.rank, workers=self.world.size
        )
        tally = _Tally()
        started = ready = time.monotonic()
        for share, events in self.file.read_ahead(shares):
            batch = self.assemble(share, events)
            begun = time.monotonic()
            result = check_result(self.cycle(batch), share.cycle)
            tally.add(result, begun - ready, time.monotonic() - begun, events.event_id)
            ready = time.monotonic()
            advance(note=f"epoch {epoch + 1}/{self.config.train.epochs}")
        seen = gather_arrays(tally.event_ids(), "event_ids")
        check_coverage(seen, self.file.event_id, epoch)
        return tally.metrics(self.world.size, len(seen), time.monotonic() - started)

    def sample_validation(self) -> NDArray[np.float32]:
        """Showers at the validation set's energies, made by all workers together."""
        showers = self.data.validation
        noise = validation_noise(self.config.train.seed, len(showers), noise_dim(self.gan.model))
        own = np.array_split(np.arange(len(showers)), self.world.size)[self.world.rank]
        cells = sample_cells_GeV(
            self.gan.generator,
            self.gan.model,
            noise[own],
            showers.primary_energy_GeV[own],
            showers.theta_rad[own],
        )
        return gather_arrays(cells, "validation")


def named_losses(result: CycleResult) -> Metrics:
    """Losses of one cycle, flat: `discriminator_real_total`, `generator_1_ecal_sum`, ..."""
    return {
        f"{update}_{name}": float(loss)
        for update, parts in result.losses.items()
        for name, loss in parts.items()
    }


class _Tally:
    """Sums over one worker's cycles of an epoch."""

    def __init__(self) -> None:
        self._losses: list[dict[str, float]] = []
        self._seconds: list[tuple[float, float, float]] = []
        self._ids: list[NDArray[np.int64]] = []

    def add(
        self, result: CycleResult, input_s: float, cycle_s: float, ids: NDArray[np.int64]
    ) -> None:
        self._losses.append(named_losses(result))
        self._seconds.append((input_s, cycle_s, float(result.communication_s)))
        self._ids.append(ids)

    def event_ids(self) -> NDArray[np.int64]:
        return np.concatenate(self._ids)

    def metrics(self, workers: int, events_seen: int, epoch_s: float) -> Metrics:
        """Losses are means over cycles; times are means over workers."""
        seconds = np.array(self._seconds)
        sums = gather_arrays(np.append(seconds.sum(axis=0), epoch_s)[None], "seconds").mean(axis=0)
        input_s, cycle_s, communication_s, epoch_s = (float(value) for value in sums)
        names = self._losses[0]
        losses = {name: float(np.mean([cycle[name] for cycle in self._losses])) for name in names}
        return losses | {
            "epoch_time_s": epoch_s,
            "showers_per_second": events_seen / epoch_s,
            "cycle_time_s": cycle_s / len(seconds),
            "input_wait_s": input_s,
            "communication_time_s": communication_s,
            "events_seen": float(events_seen),
            "workers": float(workers),
        }
