"""The interface of all strategies: ask for genomes, have them judged, tell their losses.

A strategy is a deterministic function of its seed and of the losses it was told, so these are its
checkpoint, and any individual that ever lived can be built again (`heitler.evolution.journal`).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


class Strategy(Protocol):
    """Lower losses are better."""

    @property
    def size(self) -> int:
        """Individuals to judge in the present generation."""

    @property
    def best(self) -> Float:
        """(D,) the genome that stands for the whole evolution so far."""

    @property
    def settings(self) -> dict[str, float]:
        """What adapts, such as the mutation power."""

    def ask(self, rows: Sequence[int]) -> Float:
        """Genomes of some individuals of the present generation: (len(rows), D)."""

    def tell(self, losses: Float) -> None:
        """Losses of all individuals, (size,); the next generation begins."""
