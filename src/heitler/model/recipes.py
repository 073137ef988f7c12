"""The recipes as data: what `model.recipe` chooses, beyond the loop that both share.

`paper` is 3DGAN as published. `heitler` is this project's own (docs/recipe.md). `dense` was ours
before: without convolutions, every cell by itself; the large-batch study still trains it.
"""

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from heitler.config import ConfigError, ModelConfig, TrainConfig
from heitler.model.architectures import ARCHITECTURES


@dataclass(frozen=True)
class Recipe:
    """Named choices of a recipe."""

    networks: Literal["published", "quick", "sampled cells", "layered"]
    """The 3D convolutional networks, small 2D ones (`heitler.model.quick_networks`), the dense ones
    of `heitler.model.shower_generator`, or the layered generator (`heitler.model.layered`), which
    has no discriminator."""
    generator_norm: Literal["batch", "none"]
    """What normalises the convolutional generators between their layers."""
    energy: Literal["multiplied", "concatenated"]
    """How the generator learns the primary energy: as a factor of the noise, or beside it."""
    fakes: Literal["any energy", "real energies"]
    """Fakes at energies of their own, or at those of the real showers of the batch."""
    fakes_per_update: PositiveInt
    """Fakes that the generator makes for every real shower; the energy score compares two."""
    shape_noise: NonNegativeInt
    """Latent numbers that the shape of a shower depends on, where each cell's deposit is random."""
    start: Literal["random", "mean shower", "measured"]
    """From random weights alone; also from the mean shower of the training set; or also from what
    `heitler.model.layered.measured` finds in it."""
    optimizer: Literal["rmsprop", "adam", "lamb"]
    discriminator_rate: NonNegativeFloat
    """Learning rate of the discriminator over the generator's (two time scales:
    Heusel et al. 2017, arXiv:1706.08500)."""
    rate_halved_after: PositiveFloat
    """Cycles in which the learning rate falls to its half; it goes on as 1 / (1 + cycle / this)."""
    score_weight: NonNegativeFloat
    """Weight of the energy scores in the generator's loss: `heitler.training.energy_score`."""
    adversarial_weight: NonNegativeFloat
    """Weight of real/fake in the generator's loss; `paper` has `train.loss_weights` instead."""
    cell_noise: bool
    """Whether each cell deposits a random energy, or its expected one."""
    averaging: Annotated[float, Field(ge=0, lt=1)]
    """How much of the old average of the generator's weights an update keeps; 0 is no average."""
    channels: PositiveInt = 1
    """Features of the layered generator's convolutions."""
    layers_seen: PositiveInt = 1
    """Of the layered generator: layers of each shower that its convolutions learn from in a cycle,
    drawn at random; the next cycle sees others."""


RECIPES = {
    "paper": Recipe(
        networks="published",
        generator_norm="batch",
        energy="multiplied",
        fakes="any energy",
        fakes_per_update=1,
        shape_noise=0,
        start="random",
        optimizer="rmsprop",
        discriminator_rate=1.0,
        rate_halved_after=math.inf,
        score_weight=0.0,
        adversarial_weight=0.0,
        cell_noise=False,
        averaging=0.0,
    ),
    "heitler": Recipe(
        networks="layered",
        generator_norm="none",
        energy="concatenated",
        fakes="real energies",
        fakes_per_update=1,
        shape_noise=0,
        start="measured",
        optimizer="adam",
        discriminator_rate=0.0,
        rate_halved_after=1000.0,
        score_weight=0.0,
        adversarial_weight=0.0,
        cell_noise=False,
        averaging=0.995,
        channels=24,
        layers_seen=5,
    ),
    "dense": Recipe(
        networks="sampled cells",
        generator_norm="none",
        energy="concatenated",
        fakes="real energies",
        fakes_per_update=2,
        shape_noise=16,
        start="mean shower",
        optimizer="adam",
        discriminator_rate=1.0,
        rate_halved_after=100.0,
        score_weight=1.0,
        adversarial_weight=0.1,
        cell_noise=True,
        averaging=0.995,
    ),
}


def recipe_of(model: ModelConfig) -> Recipe:
    """The recipe that `model.recipe` names, with `model.changes`.

    Raises:
        ConfigError: for a change that is none of a recipe's choices.
    """
    return _changed(model.recipe, frozenset(model.changes.items()))


@lru_cache  # checked once; and TensorFlow's tracing does not look into cached functions
def _changed(recipe: str, changes: frozenset[tuple[str, Any]]) -> Recipe:
    known = dataclasses.asdict(RECIPES[recipe])
    choices = known | dict(changes)
    if unknown := sorted(choices.keys() - known.keys()):
        raise ConfigError(
            f"model.changes.{unknown[0]} is not a recipe's choice. Choices: {', '.join(known)}."
        )
    try:
        return TypeAdapter(Recipe).validate_python(choices)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(map(str, wrong["loc"]))
        raise ConfigError(
            f"model.changes.{name} is {wrong['input']!r}: {wrong['msg']}. "
            f"A recipe's choices: {', '.join(choices)}; src/heitler/model/recipes.py says more."
        ) from None


def has_theta(model: ModelConfig) -> bool:
    """Whether the network is conditioned on the angle."""
    return ARCHITECTURES[model.network].conditions == 2


def condition_count(model: ModelConfig) -> int:
    """Latent inputs that are not noise: the energy unless it is a factor, the angle if any."""
    concatenated = has_theta(model) or recipe_of(model).energy == "concatenated"
    return int(concatenated) + int(has_theta(model))


def updates_per_cycle(model: ModelConfig, train: TrainConfig) -> int:
    """Two of the discriminator, then the generator's; or the one by likelihood."""
    if recipe_of(model).networks == "layered":
        return 1
    return 2 + train.generator_updates_per_cycle


def generator_calls(model: ModelConfig, train: TrainConfig) -> int:
    """Fakes per real shower in a cycle: one for the discriminator, then the generator's.

    A likelihood needs no fakes, but the random numbers of one.
    """
    if recipe_of(model).networks == "layered":
        return 1
    return 1 + train.generator_updates_per_cycle * recipe_of(model).fakes_per_update
