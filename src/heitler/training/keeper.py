"""When training is saved within an epoch, and stopped: agreed by all workers at the same cycle."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import tensorflow as tf

from heitler.cluster.world import World, gather_objects
from heitler.config import TrainConfig
from heitler.errors import Interrupted
from heitler.model.gan import Gan
from heitler.training.batch import CycleBatch, CycleResult
from heitler.training.checkpoints import EpochSoFar, Metrics, save_checkpoint
from heitler.training.tally import Tally
from heitler.training.timing import EpochTimer

SECONDS_PER_MINUTE = 60.0


@dataclass
class Keeper:
    """Writes this training's checkpoints: after every epoch, in between by the clock, on request.

    Rank 0 has the clock; any worker may be asked to stop. What they want goes into the next
    cycle's all-reduces, so that all learn of it at the end of that cycle.
    """

    folder: Path
    gan: Gan
    history: list[Metrics]
    """Metrics of whole epochs; the training loop adds to it."""
    fingerprint: str
    train: TrainConfig
    world: World
    _asked_to_stop: Callable[[], bool] = field(default=lambda: False)
    _saved_at: float = field(default_factory=time.monotonic)

    def watch(self, asked_to_stop: Callable[[], bool]) -> None:
        """From now on heed this; stop here if any worker was asked before it began."""
        self._asked_to_stop = asked_to_stop
        if any(gather_objects(asked_to_stop(), "stop_before_start")):
            self._stop("before the first cycle; nothing was to be saved.")

    def ask(self, batch: CycleBatch) -> CycleBatch:
        """The batch, with what this worker wants to happen after its cycle."""
        elapsed_min = (time.monotonic() - self._saved_at) / SECONDS_PER_MINUTE
        due = self.world.writes and elapsed_min > self.train.checkpoint_every_min
        wants = (self._asked_to_stop(), due)
        if not any(wants):
            return batch
        return batch._replace(asked=tf.constant(np.array(wants), batch.count.dtype))

    def keep_if_asked(self, result: CycleResult, tally: Tally, timer: EpochTimer) -> None:
        """Save the unfinished epoch if any worker wanted it in this cycle.

        Raises:
            Interrupted: after saving, if any worker was asked to stop.
        """
        stop, save = (wanted > 0 for wanted in np.asarray(result.asked))
        if stop or save:
            ids = tally.event_ids().tolist()
            self.save(EpochSoFar(tally.losses, tally.noise.estimates, ids, timer.metrics()))
        if stop:
            self._stop(
                f"in epoch {len(self.history) + 1} after {len(tally.losses)} of its cycles; all is "
                f"saved in {self.folder}."
            )

    def _stop(self, where: str) -> NoReturn:
        command = "dvc repro train" if "DVC_STAGE" in os.environ else "the same command"
        if self.world.writes:
            print(f"Stopped {where} To go on: {command}", flush=True)
        raise Interrupted

    def save(self, so_far: EpochSoFar | None = None) -> None:
        """Write a checkpoint, if this worker writes."""
        self._saved_at = time.monotonic()
        if self.world.writes:
            save_checkpoint(
                self.folder,
                self.gan,
                self.history,
                self.fingerprint,
                self.train.keep_checkpoints,
                self.train.select_by,
                so_far,
            )
