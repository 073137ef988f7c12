"""Reading and checking `params.yaml` as a whole."""

import dataclasses
import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from heitler.config.cluster import ClusterConfig
from heitler.config.compact import CompactConfig
from heitler.config.data import DetectorConfig, PrepareConfig, SimulateConfig
from heitler.config.degradation import DegradationConfig
from heitler.config.evolution import EvolveConfig
from heitler.config.projection import ProjectConfig
from heitler.config.results import GenerateConfig, ValidateConfig
from heitler.config.scaling import ScaleConfig
from heitler.config.training import ModelConfig, TrainConfig
from heitler.config.types import STRICT, ConfigError

PARAMS_FILE = Path("params.yaml")


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Config:
    """All of `params.yaml`."""

    detector: DetectorConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    model: ModelConfig
    train: TrainConfig
    cluster: ClusterConfig
    scale: ScaleConfig
    project: ProjectConfig
    compact: CompactConfig
    evolve: EvolveConfig
    degradation: DegradationConfig
    generate: GenerateConfig
    validate: ValidateConfig


def load_config(path: Path = PARAMS_FILE) -> Config:
    """Read and check a parameter file.

    Raises:
        ConfigError: naming the file, every wrong key, its value, and the remedy.
    """
    try:
        raw = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found. Run from the project's top folder.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also no UTF-8, no such date
        raise ConfigError(f"{path}: not valid YAML. {error}") from None
    return build_config(raw, str(path))


def build_config(raw: Any, where: str = "parameters") -> Config:
    """Check a nested mapping, as loaded from YAML; errors as in `load_config`."""
    try:
        return TypeAdapter(Config).validate_python(raw)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    except ValidationError as error:
        lines = [f"{where}: {_explain(problem)}" for problem in error.errors()]
        raise ConfigError("\n".join(lines)) from None


def as_dict(config: Any) -> dict[str, Any]:
    """A (sub-)config as plain nested data, for hashing, logging and file attributes."""
    return dataclasses.asdict(config)


def _explain(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "unexpected_keyword_argument":
            return f"{key} is not a known parameter.{_suggest(problem['loc'])}"
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return f"{key} is missing. Add it; the project's own params.yaml shows every key."
        case "value_error":
            return str(problem["ctx"]["error"])
    return f"{key} is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."


def _suggest(loc: tuple[Any, ...]) -> str:
    section: Any = Config
    for part in loc[:-1]:
        fields = {f.name: f.type for f in dataclasses.fields(section)}
        section = fields.get(part)
        if not dataclasses.is_dataclass(section):
            return " Remove it."
    names = [f.name for f in dataclasses.fields(section)]
    close = difflib.get_close_matches(str(loc[-1]), names, n=1)
    return f" Did you mean {close[0]}?" if close else f" Known: {', '.join(names)}."
