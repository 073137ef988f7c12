"""The sections about what a trained model yields: generate, validate."""

from typing import Literal

from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, NonNegativeInt, Positive, PositiveInt


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
