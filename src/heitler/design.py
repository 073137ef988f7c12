"""The design of the networks and of how they learn, resolved once from the section `model`.

A recipe is a set of choices. `paper` is 3DGAN as published. `heitler` is this project's own
(docs/recipe.md). `dense` was ours before: without convolutions, every cell by itself; the
large-batch study still trains it. `model.changes` changes choices of a recipe. What is built,
trained, counted and exported asks a `Design`, never the parameters.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
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

from heitler.base.errors import ConfigError

FAMILIES: dict[str, tuple[str, ...]] = {
    "published": ("random",),
    "quick": ("random",),
    "sampled cells": ("random", "mean shower"),
    "layered": ("random", "measured"),
}
"""Families of networks, each a module of `heitler.model.families`, and how theirs may start. A new
family is a module there and a line here."""
WITH_ANGLE = "3dgan-51-angle"
"""The network that is conditioned on the angle too."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a recipe chooses, and `model.changes` may choose otherwise."""

    networks: str
    """The family: 3D convolutional networks as published, quick 2D ones, dense ones that sample
    cells, or the layered generator, which has no discriminator. See `heitler.model.families`."""
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
    """Weight of the energy scores in the generator's loss: `heitler.model.score_objective`."""
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
    "paper": Choices(
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
    "heitler": Choices(
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
    "dense": Choices(
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


@dataclass(frozen=True, kw_only=True)
class Design(Choices):
    """A recipe's choices with their changes, and the rest of the section `model`."""

    recipe: str
    network: str
    latent_dim: int
    leaky_relu_slope: float
    dropout: float
    energy_unit_GeV: float
    cell_unit_GeV: float
    kernels: str

    @property
    def has_theta(self) -> bool:
        """Whether the networks are conditioned on the angle."""
        return self.network == WITH_ANGLE

    @property
    def condition_count(self) -> int:
        """Latent inputs that are not noise: the energy unless it is a factor, the angle if any."""
        concatenated = self.has_theta or self.energy == "concatenated"
        return int(concatenated) + int(self.has_theta)

    @property
    def noise_dim(self) -> int:
        """Random numbers per shower: the latent vector less its conditions."""
        return self.latent_dim - self.condition_count

    def as_section(self) -> dict[str, Any]:
        """The section `model` that resolves to this design."""
        values, usual = dataclasses.asdict(self), dataclasses.asdict(RECIPES[self.recipe])
        changes = {name: values.pop(name) for name in usual}
        differing = {name: value for name, value in changes.items() if value != usual[name]}
        return {**values, "changes": differing}


_DESIGNS = TypeAdapter(Design)


def resolve(section: Mapping[str, Any]) -> Design:
    """The design that the keys of the section `model` describe.

    Raises:
        ConfigError: for a change that is no choice of a recipe or impossible, for networks that
            cannot start as the recipe says, or a latent vector without room for noise.
    """
    own = dict(section)
    recipe, changes = str(own["recipe"]), own.pop("changes")
    choices = dataclasses.asdict(RECIPES[recipe]) | changes
    _require_known(choices, recipe)
    try:
        design = _DESIGNS.validate_python(choices | own)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(map(str, wrong["loc"]))
        raise ConfigError(
            f"model.changes.{name} is {wrong['input']!r}: {wrong['msg']}. "
            f"A recipe's choices: {', '.join(choices)}; src/heitler/design.py says more."
        ) from None
    if design.noise_dim < 1:
        raise ConfigError(
            f"model.latent_dim is {design.latent_dim}: no room for noise beside the "
            f"{design.condition_count} conditions of {design.network}. Published: 256."
        )
    return design


def _require_known(choices: Mapping[str, Any], recipe: str) -> None:
    known = dataclasses.asdict(RECIPES[recipe])
    if unknown := sorted(choices.keys() - known.keys()):
        raise ConfigError(
            f"model.changes.{unknown[0]} is not a recipe's choice. Choices: {', '.join(known)}."
        )
    networks, start = choices["networks"], choices["start"]
    if networks not in FAMILIES:
        raise ConfigError(
            f"model.changes.networks is {networks!r}, which is no family of networks. "
            f"Families: {', '.join(FAMILIES)}."
        )
    starts = {other for ways in FAMILIES.values() for other in ways}
    if start in starts and start not in FAMILIES[networks]:
        raise ConfigError(
            f"model.changes.networks is {networks!r}, which cannot start from {start!r} as the "
            f"recipe {recipe} does. Change start too, to one of: {', '.join(FAMILIES[networks])}."
        )
