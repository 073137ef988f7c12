"""One run: a strategy (or RMSprop) from its first generation to the end of its budget."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.config import EvolveConfig
from heitler.evolution.events import batch_rows
from heitler.evolution.gradient import COST, RmsProp, steps_within
from heitler.evolution.journal import Journal
from heitler.evolution.network import Regressor
from heitler.evolution.randomness import random_genome
from heitler.evolution.strategies.catalogue import build_strategy

Float = NDArray[np.float32]
Row = dict[str, float]
Gather = Callable[[Float], Float]
"""All workers' losses, by rank, from this worker's."""
SAVE_EVERY = 500  # generations
TESTS = 60
"""Points of the curve of test losses, at logarithmic distances of cost."""


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
        self.name, self.seed, self.config = name, seed, config
        self.training, self.test, self.workers = training, test, workers
        self.batch = min(config.batch_size, training.count)
        self.budget = config.cost_epochs * training.count  # forward passes of single showers
        self.test_rows = np.arange(test.count)
        self.due = list(np.geomspace(self.batch * 8, self.budget, TESTS))
        self.cost, self.seconds, self.step = 0.0, 0.0, 0
        self.history: list[Row] = []

    def finish(
        self, journal_file: Path, fingerprint: str, stop_after: int | None = None
    ) -> Outcome:
        """Go on from the journal, if any, to the end, or to generation `stop_after`."""
        if self.name == "rmsprop":
            start = random_genome(self.training.shape, self.seed, 0)
            return Outcome(self._descend(start, self.budget), self.history)
        share = self.config.memetic_share if self.name == "memetic" else 1.0
        genome = self._evolve(journal_file, fingerprint, share * self.budget, stop_after)
        if self.name == "memetic" and stop_after is None:
            genome = self._descend(genome, self.budget - self.cost)
        return Outcome(genome, self.history)

    def _evolve(
        self, journal_file: Path, fingerprint: str, budget: float, stop_after: int | None
    ) -> Float:
        strategy = build_strategy(self.name, self.training.shape, self.config, self.seed)
        journal = Journal.load(journal_file, fingerprint)
        told = iter(list(journal.losses))
        known = journal.seconds / max(len(journal.losses), 1)
        while self.cost + strategy.size * self.batch <= budget and self.step != stop_after:
            size, settings, begun = strategy.size, strategy.settings, time.monotonic()
            losses = next(told, None)
            fresh = losses is None
            if losses is None:
                losses = self._judge(strategy.ask, size)
                journal.losses.append(losses)
            strategy.tell(losses)
            spent = time.monotonic() - begun if fresh else known
            journal.seconds += spent if fresh else 0.0
            self._note(losses, settings, size, spent, lambda: strategy.best)
            if fresh and self.step % SAVE_EVERY == 0 and self.workers.rank == 0:
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

    def _descend(self, start: Float, budget: float) -> Float:
        optimizer = RmsProp(self.training, start, self.config.learning_rate)
        for _ in steps_within(budget, self.batch):
            begun = time.monotonic()
            loss = np.array([optimizer.step(self._rows())], np.float32)
            spent = time.monotonic() - begun
            self._note(loss, {}, COST, spent, lambda: optimizer.genome)
        return optimizer.genome

    def _rows(self) -> NDArray[np.int64]:
        return batch_rows(self.training.count, self.batch, seed=self.seed, step=self.step)

    def _note(
        self,
        losses: Float,
        settings: dict[str, float],
        passes: int,
        seconds: float,
        best: Callable[[], Float],
    ) -> None:
        self.step += 1
        self.cost += passes * self.batch
        self.seconds += seconds
        low, high = np.percentile(losses, [25, 75])
        row = {
            "step": float(self.step),
            "epoch": self.step * self.batch / self.training.count,
            "cost_epochs": self.cost / self.training.count,
            "seconds": self.seconds,
            "loss_best": float(losses.min()),
            "loss_median": float(np.median(losses)),
            "loss_spread": float(high - low),
            **settings,
        }
        if self._is_due():
            row["test_loss"] = float(self.test.losses(best()[None], self.test_rows)[0])
        self.history.append(row)

    def _is_due(self) -> bool:
        due = bool(self.due) and self.cost >= self.due[0]
        while self.due and self.cost >= self.due[0]:
            self.due.pop(0)
        return due


def tested(history: list[Row]) -> Iterator[Row]:
    """The rows that carry a test loss."""
    return (row for row in history if "test_loss" in row)
