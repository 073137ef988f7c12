"""The parameters: one frozen dataclass per section of `params.yaml`, checked when loaded.

Unknown keys, wrong types and impossible values raise `ConfigError` with the key, the value and
the remedy, before any long work starts.
"""

from heitler.config.changes import (
    OURS,
    PUBLISHED,
    RECIPES,
    Changes,
    Recipe,
    RecipeConfig,
    RecipesConfig,
    changed,
    checked,
    for_dvc,
    has_key,
    merged,
    require_effect,
    stage_recipe,
)
from heitler.config.cluster import ClusterConfig, SlurmConfig
from heitler.config.data import AbsorberSection, DetectorConfig, PrepareConfig, SimulateConfig
from heitler.config.degradation import ArmConfig, DegradationConfig
from heitler.config.evolution import EvolveConfig
from heitler.config.load import (
    PARAMS_FILE,
    Config,
    as_dict,
    build_config,
    digest_for_workers,
    load_config,
    read_params,
)
from heitler.config.results import (
    ClassifierConfig,
    CompactConfig,
    GenerateConfig,
    ProjectConfig,
    ValidateConfig,
)
from heitler.config.scaling import ScaleConfig
from heitler.config.training import LossWeights, ModelConfig, TrainConfig
from heitler.config.types import ConfigError
from heitler.config.yaml_text import load_yaml

__all__ = [
    "OURS",
    "PARAMS_FILE",
    "PUBLISHED",
    "RECIPES",
    "AbsorberSection",
    "ArmConfig",
    "Changes",
    "ClassifierConfig",
    "ClusterConfig",
    "CompactConfig",
    "Config",
    "ConfigError",
    "DegradationConfig",
    "DetectorConfig",
    "EvolveConfig",
    "GenerateConfig",
    "LossWeights",
    "ModelConfig",
    "PrepareConfig",
    "ProjectConfig",
    "Recipe",
    "RecipeConfig",
    "RecipesConfig",
    "ScaleConfig",
    "SimulateConfig",
    "SlurmConfig",
    "TrainConfig",
    "ValidateConfig",
    "as_dict",
    "build_config",
    "changed",
    "checked",
    "digest_for_workers",
    "for_dvc",
    "has_key",
    "load_config",
    "load_yaml",
    "merged",
    "read_params",
    "require_effect",
    "stage_recipe",
]
