"""The curve of a run: what is noted of every generation, or step of RMSprop."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Row = dict[str, float]
TESTS = 60
"""Test losses along a run, at logarithmic distances of cost."""


@dataclass
class Curve:
    """Rows so far, and their cost."""

    showers: int
    """Showers of the training set."""
    batch: int
    budget: float
    """Forward passes of single showers."""
    history: list[Row] = field(default_factory=list)
    cost: float = 0.0
    """Forward passes of single showers so far."""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.due = list(np.geomspace(self.batch * 8, self.budget, TESTS))

    @property
    def step(self) -> int:
        """Rows so far, and the number of the next batch."""
        return len(self.history)

    def affords(self, passes: int) -> bool:
        """Whether the budget pays for another batch that passes forward so often."""
        return self.cost + passes * self.batch <= self.budget

    def note(
        self,
        losses: Float,
        settings: dict[str, float],
        passes: int,
        seconds: float,
        test: Callable[[], float] | None,
        tested: float | None = None,
    ) -> None:
        """One more row.

        Args:
            losses: (P,) of one generation, or of one step.
            settings: what adapts.
            passes: forward passes of the batch that it took.
            seconds: wall time that it took.
            test: called where a test loss is due; None in a row that is only repeated.
            tested: the test loss of a repeated row, if it had one.
        """
        self.cost += passes * self.batch
        self.seconds += seconds
        low, high = np.percentile(losses, [25, 75])
        row = {
            "step": float(self.step + 1),
            "epoch": (self.step + 1) * self.batch / self.showers,
            "cost_epochs": self.cost / self.showers,
            "seconds": self.seconds,
            "loss_best": float(losses.min()),
            "loss_median": float(np.median(losses)),
            "loss_spread": float(high - low),
            **settings,
        }
        due = self._is_due()
        if tested is not None:
            row["test_loss"] = tested
        elif due and test is not None:
            row["test_loss"] = test()
        self.history.append(row)

    def _is_due(self) -> bool:
        due = bool(self.due and self.cost >= self.due[0])
        while self.due and self.cost >= self.due[0]:
            self.due.pop(0)
        return due
