"""RMSprop on the same network, showers and batches: what evolution is compared with.

Its checkpoint has the optimiser's state and what was noted on the way.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.base.causes import ARRAY_ERRORS, refuse_unless_torn
from heitler.base.files import atomic_path
from heitler.evolution.curve import Curve, Row
from heitler.evolution.network import Regressor

Float = NDArray[np.float32]
RHO, EPSILON = 0.9, 1e-7
COST = 3
"""Forward passes that a step is worth: forward, and a backward of about two."""


class RmsProp:
    """Keras' RMSprop without momentum, on one genome."""

    def __init__(self, regressor: Regressor, start: Float, learning_rate: float) -> None:
        self._genome = tf.Variable(start[None])  # (1, D)
        self._square = tf.Variable(tf.zeros_like(self._genome))
        self._rate, self._regressor = learning_rate, regressor
        signature = [tf.TensorSpec((None,), tf.int64)]
        self._step = tf.function(self._update, input_signature=signature, autograph=False)

    @property
    def genome(self) -> Float:
        """(D,)"""
        return np.array(self._genome.numpy()[0])

    @property
    def square(self) -> Float:
        """(D,) running mean of the squared gradient."""
        return np.array(self._square.numpy()[0])

    def restore(self, genome: Float, square: Float) -> None:
        """Go on from a saved state, bit for bit."""
        self._genome.assign(genome[None])
        self._square.assign(square[None])

    def step(self, rows: NDArray[np.int64]) -> float:
        """One update; the loss before it."""
        return float(self._step(rows).numpy()[0])

    def _update(self, rows: tf.Tensor) -> tf.Tensor:
        loss, gradient = self._regressor.gradient(tf.identity(self._genome), rows)
        square = RHO * self._square + (1 - RHO) * tf.square(gradient)
        self._square.assign(square)
        self._genome.assign_sub(self._rate * gradient / (tf.sqrt(square) + EPSILON))
        return loss


@dataclass
class Descent:
    """Steps so far; unlike an evolution's, a gradient's state does not follow from its losses."""

    fingerprint: str
    """What decides the run and, after a space, its start."""
    losses: list[float] = field(default_factory=list)
    """[step] on the batch, before the step."""
    tests: list[float] = field(default_factory=list)
    """[step] test loss after the step, NaN where it was not tested."""
    seconds: float = 0.0
    """Wall time spent on them."""
    genome: Float | None = None
    square: Float | None = None

    def note(self, row: Row, seconds: float) -> None:
        """One more step, as the curve has it."""
        self.losses.append(row["loss_best"])
        self.tests.append(row.get("test_loss", math.nan))
        self.seconds += seconds

    def resume(self, optimizer: RmsProp, curve: Curve) -> bool:
        """Give optimiser and curve what was saved, if anything; all of it, or nothing where the
        budget has become too small for it: then False."""
        if self.genome is None or self.square is None:
            return True
        if not curve.affords(COST * len(self.losses)):
            self.losses, self.tests, self.seconds = [], [], 0.0
            return False
        optimizer.restore(self.genome, self.square)
        seconds = self.seconds / max(len(self.losses), 1)
        for loss, test in zip(self.losses, self.tests, strict=True):
            tested = None if math.isnan(test) else test
            curve.note(np.array([loss], np.float32), {}, COST, seconds, None, tested)
        return True

    def save(self, path: Path, optimizer: RmsProp) -> None:
        """Write all, atomically."""
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                fingerprint=np.array(self.fingerprint),
                losses=np.array(self.losses, np.float32),
                tests=np.array(self.tests, np.float32),
                seconds=np.array(self.seconds),
                genome=optimizer.genome,
                square=optimizer.square,
            )

    @classmethod
    def load(cls, path: Path, fingerprint: str) -> "Descent":
        """The checkpoint of this very descent; an empty one if there is none or it is torn."""
        try:
            with np.load(path) as stored:
                if str(stored["fingerprint"]) != fingerprint:
                    return cls(fingerprint)
                return cls(
                    fingerprint,
                    stored["losses"].tolist(),
                    stored["tests"].tolist(),
                    float(stored["seconds"]),
                    stored["genome"],
                    stored["square"],
                )
        except FileNotFoundError:
            return cls(fingerprint)
        except ARRAY_ERRORS as error:
            refuse_unless_torn(error, path)
            print(f"{path}: cannot be read ({error}); starting anew.")
            return cls(fingerprint)
