"""The learning rate and RMSprop's own parameters follow the global batch."""

import dataclasses
import math

import keras
import numpy as np
import pytest

from heitler.config import TrainConfig, load_config
from heitler.design import RECIPES
from heitler.model.optimizers import Rmsprop, build_optimizer, learning_rate_at, scaled_rmsprop


def train_config(rule: str, k: int = 4, **changes: object) -> TrainConfig:
    settings = {
        "learning_rate": 0.001,
        "learning_rate_rule": rule,
        "reference_batch_size": 16,
        "global_batch_size": 16 * k,
        "rmsprop_rho": 0.9,
        "rmsprop_epsilon": 1e-7,
    }
    return dataclasses.replace(load_config().train, **settings | changes)


def test_without_a_rule_the_batch_changes_nothing() -> None:
    assert scaled_rmsprop(train_config("none")) == Rmsprop(0.001, 0.9, 1e-7)


def test_linear_rule_multiplies_the_rate_alone() -> None:
    assert scaled_rmsprop(train_config("linear")) == Rmsprop(0.004, 0.9, 1e-7)


def test_square_root_rule_corrects_the_optimiser_too() -> None:
    scaled = scaled_rmsprop(train_config("sqrt"))
    assert dataclasses.astuple(scaled) == pytest.approx((0.002, 0.6, 2.5e-8))


@pytest.mark.parametrize("rule", ["none", "linear", "sqrt"])
def test_at_the_reference_batch_all_rules_are_one(rule: str) -> None:
    assert dataclasses.astuple(scaled_rmsprop(train_config(rule, k=1))) == (0.001, 0.9, 1e-7)


def steady_step(train: TrainConfig, gradient: float) -> float:
    """How far a weight moves per update after many equal gradients."""
    optimizer, weight = build_optimizer(train, RECIPES["paper"]), keras.Variable(0.0)
    for _ in range(200):
        before = float(weight)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
    return before - float(weight)


@pytest.mark.parametrize("epsilon", [1e-12, 1e-2])
def test_square_root_rule_moves_by_the_root_however_large_epsilon(epsilon: float) -> None:
    """Noise that is half as large, at 4 times the batch, moves weights twice as far."""
    small, large = (train_config("sqrt", k, rmsprop_epsilon=epsilon) for k in (1, 4))
    expected = math.sqrt(4) * steady_step(small, 0.1)
    assert steady_step(large, 0.05) == pytest.approx(expected, rel=1e-3)


def test_warm_up_goes_straight_from_the_base_rate_to_the_scaled_one() -> None:
    train = train_config("linear", warmup_epochs=1.5)
    rates = [learning_rate_at(cycle, 4, train, RECIPES["paper"]) for cycle in range(9)]
    assert np.allclose(rates[:7], np.linspace(0.001, 0.004, 7))
    assert rates[6:] == [0.004] * 3


def test_a_square_root_rule_beyond_rmsprops_memory_is_refused_with_the_remedy() -> None:
    train_config("sqrt", k=10)
    remedy = r"rho would be -0\.6\. Use a global batch of at most 160, .* at least 0\.9375, or"
    with pytest.raises(ValueError, match=remedy):
        train_config("sqrt", k=16)


def test_a_recipe_may_let_the_rate_fall_without_knowing_the_end() -> None:
    train, recipe = train_config("none"), RECIPES["dense"]
    half = int(recipe.rate_halved_after)
    rates = [learning_rate_at(cycle, 4, train, recipe) for cycle in (0, half, 3 * half)]
    assert rates == pytest.approx([0.001, 0.0005, 0.00025])
