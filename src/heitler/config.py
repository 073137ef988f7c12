"""The parameters: one frozen dataclass per section of `params.yaml`, checked when loaded.

Unknown keys, wrong types and impossible values raise `ConfigError` with the key, the value and
the remedy, before any long work starts.
"""

import dataclasses
import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from heitler.errors import HeitlerError

PARAMS_FILE = Path("params.yaml")

STRICT = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)
Positive = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(ge=1, strict=True)]
NonNegativeInt = Annotated[int, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class ConfigError(HeitlerError, ValueError):
    """A parameter is missing, unknown, of the wrong type, or impossible."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class AbsorberSection:
    """Consecutive calorimeter layers of equal absorber thickness."""

    layers: PositiveInt
    absorber_thickness_mm: Positive


@dataclass(frozen=True, config=STRICT, kw_only=True)
class DetectorConfig:
    """A sampling calorimeter: square cells, layers of absorber, sensor and gap."""

    name: str
    sections: tuple[AbsorberSection, ...]
    """Front to back."""
    absorber_material: str
    """NIST name known to Geant4, such as G4_W."""
    sensitive_material: str
    sensitive_thickness_mm: Positive
    gap_mm: Positive
    """From the back of one absorber to the front of the next; holds the sensor."""
    cell_size_mm: Positive
    cells_simulated: PositiveInt
    """Transverse cells per side in Geant4."""
    cells_kept: PositiveInt
    """Central transverse cells per side kept in the image."""

    def __post_init__(self) -> None:
        if not self.sections:
            raise ConfigError("detector.sections is empty. Give at least one absorber section.")
        if self.cells_kept > self.cells_simulated:
            raise ConfigError(
                f"detector.cells_kept is {self.cells_kept}, more than the "
                f"{self.cells_simulated} of detector.cells_simulated. Keep at most as many."
            )
        if (self.cells_simulated - self.cells_kept) % 2:
            raise ConfigError(
                f"detector.cells_simulated - detector.cells_kept is "
                f"{self.cells_simulated - self.cells_kept}, an odd number: the kept cells "
                "cannot be central. Make both odd or both even."
            )
        if self.gap_mm < self.sensitive_thickness_mm:
            raise ConfigError(
                f"detector.gap_mm is {self.gap_mm}, less than the sensor in it "
                f"({self.sensitive_thickness_mm} mm). Raise gap_mm."
            )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class SimulateConfig:
    """Which showers to simulate with Geant4, or where to import them from."""

    import_from: str | None
    """Path, folder or URL of CERN's HDF5 files; null simulates."""
    particle: Literal["e-", "e+", "gamma"]
    showers: PositiveInt
    showers_per_shard: PositiveInt
    energy_min_GeV: Positive
    energy_max_GeV: Positive
    energy_spectrum: Literal["uniform", "log-uniform"]
    theta_min_deg: Annotated[float, Field(gt=0, lt=180)]
    """Angle between the particle and the calorimeter's face; 90 is perpendicular."""
    theta_max_deg: Annotated[float, Field(gt=0, lt=180)]
    cut_mm: Positive
    """Geant4 production cut."""
    seed: NonNegativeInt
    processes: NonNegativeInt
    """Geant4 processes at once; 0 is one per core."""

    def __post_init__(self) -> None:
        for low, high in (("energy_min_GeV", "energy_max_GeV"), ("theta_min_deg", "theta_max_deg")):
            if getattr(self, low) > getattr(self, high):
                raise ConfigError(
                    f"simulate.{low} is {getattr(self, low)}, above simulate.{high} "
                    f"({getattr(self, high)}). Swap them."
                )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class PrepareConfig:
    """From raw showers to training, validation and test sets."""

    cell_threshold_GeV: Annotated[float, Field(ge=0)]
    validation_fraction: Fraction
    test_fraction: Fraction
    seed: NonNegativeInt

    def __post_init__(self) -> None:
        if self.validation_fraction + self.test_fraction >= 1:
            raise ConfigError(
                f"prepare.validation_fraction ({self.validation_fraction}) and "
                f"prepare.test_fraction ({self.test_fraction}) leave nothing to train on. "
                "Let them add up to less than 1."
            )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ModelConfig:
    """The two networks of 3DGAN."""

    network: Literal["3dgan-25", "3dgan-51-angle"]
    latent_dim: PositiveInt
    leaky_relu_slope: Fraction
    dropout: Fraction
    energy_unit_GeV: Positive
    """Primary energies enter the networks in this unit."""
    cell_unit_GeV: Positive
    """Cell energies enter the networks in this unit."""
    kernels: Literal["fast", "plain"]
    """How layers compute: equal numbers and weights, other speed."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class LossWeights:
    """Weights of the three losses in the total."""

    real_fake: Annotated[float, Field(ge=0)]
    """Binary cross-entropy, real against fake."""
    primary_energy: Annotated[float, Field(ge=0)]
    """Mean absolute percentage error of the primary energy."""
    ecal_sum: Annotated[float, Field(ge=0)]
    """Mean absolute percentage error of the deposited energy."""
    theta: Annotated[float, Field(ge=0)]
    """Mean absolute error of the angle in rad; used by 3dgan-51-angle only."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class TrainConfig:
    """Data-parallel adversarial training."""

    workers: PositiveInt
    """Horovod processes."""
    virtual_workers: PositiveInt | None
    """Batch-norm groups per global batch, a multiple of `workers`; null is one per worker."""
    global_batch_size: PositiveInt
    """Showers per cycle over all workers."""
    epochs: PositiveInt
    learning_rate: Positive
    rmsprop_rho: Fraction
    loss_weights: LossWeights
    label_flip_probability: Fraction
    generator_updates_per_cycle: PositiveInt
    seed: NonNegativeInt
    threads_per_worker: NonNegativeInt
    """0 divides the machine's cores among its workers."""
    keep_checkpoints: PositiveInt
    response_bins: PositiveInt
    """Bins of primary energy in which the response is followed at every epoch."""

    def __post_init__(self) -> None:
        _require_multiple(self.global_batch_size, self.workers, "train.workers", "workers")
        groups = self.batch_norm_groups
        if groups % self.workers:
            raise ConfigError(
                f"train.virtual_workers is {groups}, not a multiple of train.workers "
                f"({self.workers}). Use {_neighbours(groups, self.workers)}."
            )
        _require_multiple(
            self.global_batch_size, groups, "train.virtual_workers", "virtual workers"
        )

    @property
    def batch_norm_groups(self) -> int:
        """Groups of events that share batch-norm statistics in one cycle."""
        return self.virtual_workers or self.workers


@dataclass(frozen=True, config=STRICT, kw_only=True)
class GenerateConfig:
    """Making showers with the trained generator."""

    batch_size: PositiveInt
    seed: NonNegativeInt
    backend: Literal["tensorflow", "onnxruntime"]
    """What runs the generator; both give the same showers up to rounding."""
    timed_batch_sizes: tuple[PositiveInt, ...]
    """Batch sizes at which the time per shower is measured."""
    timed_energy_bins: PositiveInt
    """Bins of primary energy in which the time per shower is compared with Geant4's."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ValidateConfig:
    """Generated showers against Geant4."""

    energy_bins: PositiveInt
    response_pass: Positive
    """Largest |R - 1| that passes."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Config:
    """All of `params.yaml`."""

    detector: DetectorConfig
    simulate: SimulateConfig
    prepare: PrepareConfig
    model: ModelConfig
    train: TrainConfig
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
    except yaml.YAMLError as error:
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


def _neighbours(value: int, divisor: int) -> str:
    lower = value // divisor * divisor
    upper = lower + divisor
    return f"{lower} or {upper}" if lower else f"{upper}"


def _require_multiple(batch: int, groups: int, key: str, noun: str) -> None:
    if batch % groups:
        raise ConfigError(
            f"train.global_batch_size is {batch}, not divisible by {groups} {noun}. "
            f"Use {_neighbours(batch, groups)}, or change {key}."
        )
