"""Reading and checking `params.yaml` as a whole."""

import dataclasses
import difflib
import hashlib
import os
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
DIGEST_VARIABLE = "HEITLER_PARAMS_SHA256"
"""Set for workers by their launcher: of the `params.yaml` that it has read itself."""
_digests_read: list[str] = []


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
        ConfigError: naming the file, every wrong key, its value, and the remedy; in a worker also
            if `params.yaml` is not what its launcher has read.
    """
    try:
        text = path.read_text()
        raw = yaml.safe_load(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found. Run from the project's top folder.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also no UTF-8, no such date
        raise ConfigError(f"{path}: not valid YAML. {error}") from None
    if path == PARAMS_FILE:
        _check_unchanged(text)
    return build_config(raw, str(path))


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
