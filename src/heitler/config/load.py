"""Reading and checking `params.yaml` as a whole.

The large-batch study's arms, in a file of their own, are put under those of the parameters here,
apart from `heitler.config.degradation`, which says what an arm means: that decides a training, how
the file is found does not.
"""

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass

from heitler.config.changes import RECIPES, Recipe, RecipesConfig, changed, checked, merged
from heitler.config.cluster import ClusterConfig
from heitler.config.data import DetectorConfig, PrepareConfig, SimulateConfig
from heitler.config.degradation import DegradationConfig
from heitler.config.evolution import EvolveConfig
from heitler.config.results import CompactConfig, GenerateConfig, ProjectConfig, ValidateConfig
from heitler.config.scaling import ScaleConfig
from heitler.config.training import ModelConfig, TrainConfig
from heitler.config.types import STRICT, ConfigError
from heitler.config.yaml_text import load_yaml

PARAMS_FILE = Path("params.yaml")
DIGEST_VARIABLE = "HEITLER_PARAMS_SHA256"
"""Set for workers by their launcher: of the `params.yaml` that it has read itself."""
_digests_read: list[str] = []
ARMS = Path(__file__).parents[1] / "degradation/arms.yaml"
"""With the study, not here: a new arm changes no other stage's code."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Config:
    """All of `params.yaml`."""

    detector: DetectorConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    model: ModelConfig
    train: TrainConfig
    recipes: RecipesConfig
    cluster: ClusterConfig
    scale: ScaleConfig
    project: ProjectConfig
    compact: CompactConfig
    evolve: EvolveConfig
    degradation: DegradationConfig
    generate: GenerateConfig
    validate: ValidateConfig

    def of_recipe(self, recipe: Recipe) -> "Config":
        """The parameters of one training: the sections model and train as its recipe has them.

        Raises:
            ConfigError: for a change that is impossible; not after `build_config`.
        """
        own, where = self.recipes[recipe], f"recipes.{recipe}"
        if "recipe" in own.model:
            raise ConfigError(f"{where}.model.recipe is {recipe}, always. Remove it.")
        return dataclasses.replace(
            self,
            model=changed(self.model, "model", own.model, {"recipe": recipe}, where=where),
            train=changed(self.train, "train", own.train, where=where),
        )

    def of_arm(self, name: str) -> "Config":
        """The parameters with the large-batch study's base and an arm's changes.

        Raises:
            ConfigError: for a change that is impossible; after `build_config` in no arm that runs.
        """
        study, where = self.degradation, f"degradation.arms.{name}"
        chain = [study.arms[ancestor] for ancestor in study.ancestors(name)]
        models, trains = [arm.model for arm in chain], [arm.train for arm in chain]
        return dataclasses.replace(
            self,
            model=changed(self.model, "model", study.base["model"], *models, where=where),
            train=changed(self.train, "train", study.base["train"], *trains, where=where),
        )

    def where(self, key: str) -> str:
        """Where params.yaml has "train.epochs" of this recipe, for messages that say to change it.

        Meant for what `of_recipe` returns.
        """
        section, name = key.split(".")
        own = self.recipes[self.model.recipe]
        changed_here = name in {"model": own.model, "train": own.train}[section]
        return f"recipes.{self.model.recipe}.{key}" if changed_here else key


def load_config(path: Path = PARAMS_FILE) -> Config:
    """Read and check a parameter file.

    Raises:
        ConfigError: naming the file, every wrong key, its value, and the remedy; in a worker also
            if `params.yaml` is not what its launcher has read.
    """
    text = _read_text(path)
    raw = load_yaml(text, str(path))
    if path == PARAMS_FILE:
        _check_unchanged(text)
    return build_config(raw, str(path))


def read_params(path: Path = PARAMS_FILE) -> dict[str, Any]:
    """The entries of a parameter file or of a preset, unchecked but for their form.

    Raises:
        ConfigError: for a file that is not there, no YAML, ambiguous (`heitler.config.yaml_text`)
            or without sections.
    """
    raw = load_yaml(_read_text(path), str(path))
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{path}: holds {raw!r}, no sections with parameters. Write them as params.yaml does."
        )
    return raw


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found. Run from the project's top folder.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid YAML, for it is not UTF-8. {error}") from None


def digest_for_workers() -> dict[str, str]:
    """A variable that tells workers which `params.yaml` this process has read last, if it has."""
    return {DIGEST_VARIABLE: _digests_read[-1]} if _digests_read else {}


def _check_unchanged(text: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    _digests_read.append(digest)
    if os.environ.get(DIGEST_VARIABLE, digest) != digest:
        raise ConfigError(
            f"{PARAMS_FILE} was changed while the workers were starting, perhaps by a sweep or by "
            "`dvc exp run` in this folder. Start again when that is over."
        )


def build_config(raw: Any, where: str = "parameters") -> Config:
    """Check a nested mapping, as loaded from YAML; errors as in `load_config`."""
    config: Config = checked(Config, with_all_arms(raw), where=where)
    study = config.degradation
    try:
        for recipe in RECIPES:
            config.of_recipe(recipe)
        for arm in study.run or study.arms:
            config.of_arm(arm)
    except ConfigError as error:
        lines = [f"{where}: {line}" for line in str(error).splitlines()]
        raise ConfigError("\n".join(lines)) from None
    return config


def as_dict(config: Any) -> dict[str, Any]:
    """A (sub-)config as plain nested data, for hashing, logging and file attributes."""
    return dataclasses.asdict(config)


def with_all_arms(parameters: Any) -> Any:
    """Parameters as loaded from YAML, with the study's arms under those that they change or add."""
    section = parameters.get("degradation") if isinstance(parameters, Mapping) else None
    own = section.get("arms") if isinstance(section, Mapping) else None
    if not isinstance(own, Mapping):
        return parameters  # the check says what is wrong
    return merged({"degradation": {"arms": _arms_of_study()}}, parameters)


@cache
def _arms_of_study() -> Any:
    return load_yaml(ARMS.read_text(), str(ARMS))
