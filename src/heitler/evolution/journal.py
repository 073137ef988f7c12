"""The checkpoint of an evolution: its seed and the losses it was told, nothing else.

A strategy told the same losses again is in the same state bit for bit; so any individual can be
built again, with its parents and the masks of its mutations, from a few bytes per generation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.causes import ARRAY_ERRORS, refuse_unless_torn
from heitler.base.files import atomic_path
from heitler.evolution.strategy import Strategy

Float = NDArray[np.float32]


@dataclass
class Journal:
    """Losses of all individuals of all generations so far."""

    fingerprint: str
    """Checksum of the parameters and data that decide the losses."""
    losses: list[Float] = field(default_factory=list)
    """[generation] (P,)"""
    seconds: float = 0.0
    """Wall time spent on them."""

    def save(self, path: Path) -> None:
        """Write all, atomically."""
        told = np.concatenate(self.losses) if self.losses else np.empty(0, np.float32)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                fingerprint=np.array(self.fingerprint),
                sizes=np.array([len(losses) for losses in self.losses], np.int64),
                losses=told,
                seconds=np.array(self.seconds),
            )

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> "Journal":
        """The journal of this very evolution; an empty one if there is none or it is torn."""
        try:
            with np.load(path) as stored:
                if str(stored["fingerprint"]) != fingerprint:
                    return cls(fingerprint)
                losses = np.split(stored["losses"], np.cumsum(stored["sizes"]))[:-1]
                return cls(fingerprint, losses, float(stored["seconds"]))
        except FileNotFoundError:
            return cls(fingerprint)
        except ARRAY_ERRORS as error:
            refuse_unless_torn(error, path)
            print(f"{path}: cannot be read ({error}); starting anew.")
            return cls(fingerprint)


def rebuild(build: Callable[[], Strategy], journal: Journal, generation: int, index: int) -> Float:
    """(D,) any individual that ever lived; generation 0 is the first."""
    strategy = build()
    for losses in journal.losses[:generation]:
        strategy.tell(losses)
    return np.asarray(strategy.ask([index])[0])
