"""Checking parameters, and saying what is wrong: the key, its value, the remedy.

Changes of parameters, nested as in `params.yaml`: presets, recipes, arms of a study; the section
`recipes`, the two trainings of the pipeline.
"""

import dataclasses
import difflib
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from heitler.base.errors import HeitlerError
from heitler.config.types import STRICT, ConfigError

Section = TypeVar("Section")
Changes = dict[str, Any]
"""To a section of params.yaml, nested as there."""


def checked(kind: type[Any], values: Any, *, where: str = "", prefix: str = "") -> Any:
    """Values as a dataclass of parameters.

    Args:
        kind: the dataclass.
        values: nested, as loaded from YAML.
        where: what they are from, at the start of every message.
        prefix: of the keys, such as "train.".

    Raises:
        ConfigError: with a line for every wrong key.
    """
    place = f"{where}: " if where else ""
    try:
        return TypeAdapter(kind).validate_python(values)
    except ConfigError as error:
        raise ConfigError(f"{place}{error}") from None
    except ValidationError as error:
        lines = [f"{place}{_explain(problem, kind, prefix)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def changed(section: Section, name: str, *changes: Changes, where: str) -> Section:
    """A section of the parameters with changes, checked; errors as in `checked`."""
    values = merged(dataclasses.asdict(section), *changes)  # type: ignore[call-overload]
    made: Section = checked(type(section), values, where=where, prefix=f"{name}.")
    return made


def _explain(problem: Any, kind: type[Any], prefix: str) -> str:
    key = prefix + ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "unexpected_keyword_argument":
            return f"{key} is not a known parameter.{_suggest(problem['loc'], kind)}"
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return f"{key} is missing. Add it; the project's own params.yaml shows every key."
        case "value_error":
            return str(problem["ctx"]["error"])
    return f"{key} is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."


def _suggest(loc: tuple[Any, ...], section: Any) -> str:
    for part in loc[:-1]:
        fields = {f.name: f.type for f in dataclasses.fields(section)}
        section = fields.get(part)
        if not dataclasses.is_dataclass(section):
            return " Remove it."
    names = [f.name for f in dataclasses.fields(section)]
    close = difflib.get_close_matches(str(loc[-1]), names, n=1)
    return f" Did you mean {close[0]}?" if close else f" Known: {', '.join(names)}."


def merged(parameters: Mapping[str, Any], *changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with changes, section by section; lists are replaced whole."""
    result = dict(parameters)
    for change in changes:
        for key, value in change.items():
            inner = result.get(key)
            if isinstance(value, Mapping) and isinstance(inner, Mapping):
                result[key] = merged(inner, value)
            else:
                result[key] = value
    return result


def has_key(parameters: Any, key: str) -> bool:
    """Whether nested parameters have a dotted key, such as "train.epochs"."""
    for part in key.split("."):
        if not isinstance(parameters, Mapping) or part not in parameters:
            return False
        parameters = parameters[part]
    return True


def for_dvc(parameters: Mapping[str, Any], change: str) -> str:
    """`key=value` as `dvc exp run -S` takes it: with ++ for a key that is not in the file yet."""
    return change if has_key(parameters, change.partition("=")[0]) else f"++{change}"


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
