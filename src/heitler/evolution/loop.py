"""One run: a strategy (or RMSprop) from its first generation to the end of its budget."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.base.files import digest
from heitler.config import EvolveConfig
from heitler.evolution.curve import Curve, Row
from heitler.evolution.descent import COST, Descent, RmsProp
from heitler.evolution.events import batch_rows
from heitler.evolution.journal import Journal
from heitler.evolution.network import Regressor
from heitler.evolution.strategy import build_strategy, random_genome
from heitler.kept.aside import set_files_aside

Float = NDArray[np.float32]
Gather = Callable[[Float], Float]
"""All workers' losses, by rank, from this worker's."""
SAVE_EVERY = 500  # generations, or steps of RMSprop


@dataclass(frozen=True)
class Workers:
    """This process among those that share the judging."""

    rank: int = 0
    size: int = 1
    gather: Gather = lambda losses: losses


@dataclass(frozen=True)
class Outcome:
    """What a run ends with."""

    genome: Float
    """(D,)"""
    history: list[Row]
    """One row per generation, or step of RMSprop."""


class Run:
    """A named strategy with one seed; equal on all workers."""

    def __init__(
        self,
        name: str,
        seed: int,
        config: EvolveConfig,
        training: Regressor,
        test: Regressor,
        workers: Workers,
    ) -> None:
        self.name, self.seed, self.config = name, seed, config.of_strategy(name)
        self.training, self.test, self.workers = training, test, workers
        batch = min(config.batch_size, training.count)
        self.curve = Curve(training.count, batch, config.cost_epochs * training.count)
        passes = max(config.parents, config.offspring + 1, COST)
        if not self.curve.affords(passes):
            raise HeitlerError(
                f"evolve.cost_epochs is {config.cost_epochs}: too few forward passes over "
                f"{training.count} showers for one generation ({passes} passes over {batch}). "
                f"Use at least {math.ceil(passes * batch / training.count)}."
            )

    def finish(
        self, journal_file: Path, fingerprint: str, stop_after: int | None = None
    ) -> Outcome:
        """Go on from the files, if any, to the end, or to generation or step `stop_after`."""
        genome = random_genome(self.training.shape, self.seed, 0)
        share = {"rmsprop": 0.0, "memetic": self.config.memetic_share}.get(self.name, 1.0)
        if share > 0:
            genome = self._evolve(journal_file, fingerprint, share, stop_after)
        if share < 1:
            state_file = journal_file.with_suffix(".descent.npz")
            genome = self._descend(state_file, fingerprint, genome, stop_after)
        if self.curve.history and stop_after is None:
            self.curve.history[-1]["test_loss"] = self._test(genome)
        return Outcome(genome, self.curve.history)

    def _evolve(
        self, journal_file: Path, fingerprint: str, share: float, stop_after: int | None
    ) -> Float:
        strategy = build_strategy(self.name, self.training.shape, self.config, self.seed)
        journal = Journal.load(journal_file, fingerprint)
        told = iter(list(journal.losses))
        known = journal.seconds / max(len(journal.losses), 1)
        end = share * self.curve.budget
        while (
            self.curve.cost + strategy.size * self.curve.batch <= end
            and self.curve.step != stop_after
        ):
            size, settings, begun = strategy.size, strategy.settings, time.monotonic()
            losses = next(told, None)
            fresh = losses is None
            if losses is None:
                losses = self._judge(strategy.ask, size)
                journal.losses.append(losses)
            strategy.tell(losses)
            spent = time.monotonic() - begun if fresh else known
            journal.seconds += spent if fresh else 0.0
            self.curve.note(losses, settings, size, spent, lambda: self._test(strategy.best))
            if fresh and self.curve.step % SAVE_EVERY == 0 and self.workers.rank == 0:
                journal.save(journal_file)
        if self.workers.rank == 0:
            journal.save(journal_file)
        return strategy.best

    def _judge(self, ask: Callable[[range], Float], size: int) -> Float:
        """Losses of all individuals; each worker builds and judges its own."""
        bounds = np.linspace(0, size, self.workers.size + 1).astype(int)
        own = range(bounds[self.workers.rank], bounds[self.workers.rank + 1])
        rows = self._rows()
        losses = self.training.losses(ask(own), rows) if len(own) else np.empty(0, np.float32)
        return self.workers.gather(losses)

    def _descend(
        self, state_file: Path, fingerprint: str, start: Float, stop_after: int | None
    ) -> Float:
        optimizer = RmsProp(self.training, start, self.config.learning_rate)
        state = Descent.load(state_file, f"{fingerprint} {digest(start.tolist())}")
        if not state.resume(optimizer, self.curve) and self.workers.rank == 0:
            set_files_aside([state_file], "evolve")
        while self.curve.affords(COST) and self.curve.step != stop_after:
            begun = time.monotonic()
            loss = optimizer.step(self._rows())
            spent = time.monotonic() - begun
            losses = np.array([loss], np.float32)
            self.curve.note(losses, {}, COST, spent, lambda: self._test(optimizer.genome))
            state.note(self.curve.history[-1], spent)
            if self.curve.step % SAVE_EVERY == 0 and self.workers.rank == 0:
                state.save(state_file, optimizer)
        if self.workers.rank == 0:
            state.save(state_file, optimizer)
        return optimizer.genome

    def _rows(self) -> NDArray[np.int64]:
        curve = self.curve
        return batch_rows(curve.showers, curve.batch, seed=self.seed, step=curve.step)

    def _test(self, genome: Float) -> float:
        return float(self.test.losses(genome[None], np.arange(self.test.count))[0])
