"""Training from start (or the last checkpoint) to the last epoch, on all workers."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.onednn import require_onednn
from heitler.base.progress import progress_bar
from heitler.cluster.stopping import stop_requests
from heitler.cluster.world import World, broadcast_from_first, share_object
from heitler.config import TrainConfig
from heitler.design import Design
from heitler.kept.folder import Kept
from heitler.model.gan import Gan, build_gan
from heitler.training.checkpoints import EpochSoFar, Metrics, find_checkpoint
from heitler.training.epoch import Epochs, TrainingInput
from heitler.training.keeper import Keeper

Initial = Callable[[], Mapping[str, NDArray[Any]]]
PhysicsCheck = Callable[[NDArray[np.float32], NDArray[np.float32] | None], Metrics]
"""Generated validation showers (N, X, Y, Z) GeV -> metrics by name; first with batch norm's moving
averages, then with the statistics of training batches (None if there are too few showers)."""


def train(
    design: Design,
    settings: TrainConfig,
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
        design: of the networks.
        settings: the section `train`.
        data: what is read.
        world: the workers.
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
    gan = build_gan(design, settings, data.summary.image_shape)
    if initial:
        _begin_with(gan, initial())
    epochs = Epochs(gan, settings, data, world)
    history, before = _restore(gan, world, folder, kept, epochs.count, data.train_file)
    if world.writes:
        for metrics in history:  # the run that tracks this training may be a new one
            log_epoch(metrics, int(metrics["epoch"]))
    keeper = Keeper(
        folder,
        gan,
        history,
        kept.origin.fingerprint,
        world,
        keep=settings.keep_checkpoints,
        select_by=settings.select_by,
        every_min=settings.checkpoint_every_min,
    )
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
            gan.begin(train_file)
    broadcast_from_first(list(gan.variables().values()))
    history, before = share_object((history, before))
    return history, before
