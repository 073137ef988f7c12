"""(1 + lambda) whose mutation power follows the 1/5 success rule [Rechenberg 1973].

A child that beats its parent counts e^0.8, another e^-0.2; their geometric mean over the children
is e^(s - 0.2) for a share s of successes: constant where one child in five succeeds.
"""

import math

import numpy as np
from numpy.typing import NDArray

from heitler.evolution.strategies.one_plus_lambda import OnePlusLambda

TARGET = 0.2


class OneFifthRule(OnePlusLambda):
    """The paper's strategy with Rechenberg's rule."""

    def adapt(self, losses: NDArray[np.float32], power: float) -> float:
        successes = float(np.mean(losses[1:] < losses[0]))
        return power * math.exp(successes - TARGET)


STRATEGY = OneFifthRule
