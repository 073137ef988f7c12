"""When training is saved within an epoch, and stopped: agreed by all workers at the same cycle."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike

from heitler.base.errors import Interrupted
from heitler.cluster.world import World, gather_objects
from heitler.model.gan import Gan
from heitler.training.checkpoints import EpochSoFar, Metrics, save_checkpoint

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
    world: World
    keep: int
    """As `train.keep_checkpoints`."""
    select_by: str
    every_min: float
    """As `train.checkpoint_every_min`."""
    _asked_to_stop: Callable[[], bool] = field(default=lambda: False)
    _saved_at: float = field(default_factory=time.monotonic)

    def watch(self, asked_to_stop: Callable[[], bool]) -> None:
        """From now on heed this; stop here if any worker was asked before it began."""
        self._asked_to_stop = asked_to_stop
        if any(gather_objects(asked_to_stop(), "stop_before_start")):
            self._stop("before the first cycle; nothing was to be saved.")

    def wishes(self) -> tuple[bool, bool]:
        """Whether this worker wants to [stop, save] after the next cycle."""
        elapsed_min = (time.monotonic() - self._saved_at) / SECONDS_PER_MINUTE
        return self._asked_to_stop(), self.world.writes and elapsed_min > self.every_min

    def keep_if_asked(self, asked: ArrayLike, so_far: Callable[[], EpochSoFar]) -> None:
        """Save the unfinished epoch if any worker wanted it in this cycle.

        Args:
            asked: more than 0 where any worker wanted to [stop, save].
            so_far: makes what is to be saved.

        Raises:
            Interrupted: after saving, if any worker was asked to stop.
        """
        stop, save = (wanted > 0 for wanted in np.asarray(asked))
        if not (stop or save):
            return
        done = so_far()
        self.save(done)
        if stop:
            self._stop(
                f"in epoch {len(self.history) + 1} after {len(done.losses)} of its cycles; all is "
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
                self.keep,
                self.select_by,
                so_far,
            )
