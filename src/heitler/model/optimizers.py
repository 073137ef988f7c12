"""The recipe's optimiser, RMSprop, Adam or LAMB, and how its parameters follow the global batch.

A batch k times as large as `train.reference_batch_size` has gradients with 1/k of the variance.
`train.learning_rate_rule` says what is made of it:

- none: nothing;
- linear: learning rate x k (Goyal et al. 2017, arXiv:1706.02677; the public 3DGAN code);
- sqrt: learning rate x sqrt(k), 1 - rho -> k (1 - rho), epsilon -> epsilon / k (Malladi et al.,
  2022, arXiv:2205.10287, where epsilon is added to the root of the mean square and so becomes
  epsilon / sqrt(k); Keras adds it under the root).

Of Adam (recipe `heitler`) and LAMB (You et al. 2020, arXiv:1904.00962) the rate alone follows.
"""

import math
from dataclasses import dataclass

import keras

from heitler.config import TrainConfig
from heitler.design import Choices

ADAM_BETAS = (0.5, 0.99)
"""Short memories, as usual in adversarial training, where the aim moves."""


@dataclass(frozen=True)
class Rmsprop:
    """Parameters of RMSprop: step = learning_rate g / sqrt(mean of g^2 + epsilon)."""

    learning_rate: float
    rho: float
    """Weight of the past in the mean of g^2."""
    epsilon: float


def scaled_rmsprop(train: TrainConfig) -> Rmsprop:
    """RMSprop for `train.global_batch_size`, once warm."""
    k = train.batch_ratio
    rate, rho, epsilon = train.learning_rate, train.rmsprop_rho, train.rmsprop_epsilon
    match train.learning_rate_rule:
        case "linear":
            return Rmsprop(rate * k, rho, epsilon)
        case "sqrt":
            return Rmsprop(rate * math.sqrt(k), 1 - k * (1 - rho), epsilon / k)
    return Rmsprop(rate, rho, epsilon)


def learning_rate_at(
    cycle: int, cycles_per_epoch: int, train: TrainConfig, design: Choices
) -> float:
    """The rate in force in a cycle, counted from 0 at the start of training.

    During `train.warmup_epochs` it goes in a straight line from `train.learning_rate` to the
    scaled rate (Goyal et al. 2017, section 2.2). The recipe may let it fall slowly, in a way that
    does not ask when training ends, so that it can go on.
    """
    fallen = 1 + cycle / design.rate_halved_after
    scaled = scaled_rmsprop(train).learning_rate
    warm = train.warmup_epochs * cycles_per_epoch
    if cycle >= warm:
        return scaled / fallen
    return (train.learning_rate + (scaled - train.learning_rate) * cycle / warm) / fallen


def build_optimizer(train: TrainConfig, design: Choices) -> keras.Optimizer:
    """With the scaled parameters; the training loop sets the rate in force."""
    scaled = scaled_rmsprop(train)
    if design.optimizer != "rmsprop":
        first, second = ADAM_BETAS
        build = keras.optimizers.Adam if design.optimizer == "adam" else keras.optimizers.Lamb
        return build(scaled.learning_rate, beta_1=first, beta_2=second)
    return keras.optimizers.RMSprop(scaled.learning_rate, rho=scaled.rho, epsilon=scaled.epsilon)
