"""(1 + lambda) in which every child inherits and varies its own mutation power [Schwefel 1981].

A child's power is its parent's times e^(tau N(0, 1)); the better power survives with its child.
"""

import math

from heitler.evolution.strategies.one_plus_lambda import OnePlusLambda
from heitler.evolution.strategy import stream

TAU = 0.5
POWERS = 1_000_000
"""Added to the index: streams of powers, apart from those of mutations."""


class SelfAdaptive(OnePlusLambda):
    """The paper's strategy with log-normal self-adaptation."""

    def power_of(self, index: int) -> float:
        if not self.generation or index == 0:
            return self.power
        random = stream(self.seed, self.generation, POWERS + index)
        return self.power * math.exp(TAU * random.standard_normal())


STRATEGY = SelfAdaptive
