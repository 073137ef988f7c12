"""The section `recipes`: the two trainings of the pipeline, and in what they differ."""

import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic.dataclasses import dataclass

from heitler.base.errors import HeitlerError
from heitler.config.changes import Changes, has_key
from heitler.config.types import STRICT, ConfigError

Recipe = Literal["paper", "heitler"]
RECIPES: tuple[Recipe, ...] = get_args(Recipe)
"""In the order in which they are trained."""
PUBLISHED: Recipe = "paper"
"""3DGAN as published: what the paper's claims are about."""
OURS: Recipe = "heitler"
"""What everything that uses one generator takes, where none is named."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class RecipeConfig:
    """What a recipe changes in the sections model and train, and nothing else."""

    model: Changes = field(default_factory=dict)
    """What differs in the section model; `recipe` is this entry's name."""
    train: Changes = field(default_factory=dict)
    """What differs in the section train."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class RecipesConfig:
    """Each is trained, generates and is judged, on the same showers."""

    paper: RecipeConfig
    """3DGAN as published."""
    heitler: RecipeConfig
    """This project's."""

    def __getitem__(self, recipe: str) -> RecipeConfig:
        changes: RecipeConfig = getattr(self, recipe)
        return changes


def stage_recipe() -> Recipe:
    """The recipe that this program was started for: `pipelines/train.py heitler`.

    Raises:
        HeitlerError: if none is named, or one that there is not.
    """
    for recipe in RECIPES:
        if sys.argv[1:2] == [recipe]:
            return recipe
    program, known = Path(sys.argv[0]).name, " or ".join(RECIPES)
    raise HeitlerError(f"{program}: of which recipe? Add {known}: {program} {RECIPES[-1]}")


def require_effect(parameters: Mapping[str, Any], key: str, stage: str) -> None:
    """Refuse a change of `train.epochs` for `train@heitler`, where that recipe has its own.

    Args:
        parameters: content of params.yaml.
        key: what is to be changed.
        stage: DVC's name; nothing is refused for a stage that is of no recipe.

    Raises:
        ConfigError: naming the key to change instead.
    """
    name, _, recipe = stage.partition("@")
    own = f"recipes.{recipe}.{key}"
    if recipe and has_key(parameters, own):
        raise ConfigError(
            f"{key} has no effect on {name}@{recipe}: {own} takes its place. Change that one."
        )
