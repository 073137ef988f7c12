"""The sections about what comes of a training: generate, validate, compact, project.

`compact` is a cheaper generator that imitates the trained one, `project` is about more nodes than
there are.
"""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, ConfigError, NonNegativeInt, Positive, PositiveInt


@dataclass(frozen=True, config=STRICT, kw_only=True)
class GenerateConfig:
    """Making showers with the trained generator."""

    batch_size: PositiveInt
    """Showers made at once."""
    seed: NonNegativeInt
    """Decides the noise."""
    backend: Literal["auto", "tensorflow", "onnxruntime"]
    """What runs the generator, equal showers up to rounding; auto is the fastest."""
    timed_batch_sizes: tuple[PositiveInt, ...]
    """Batch sizes at which the time per shower is measured."""
    timed_energy_bins: PositiveInt
    """Bins of primary energy in which the time per shower is compared with Geant4's."""


Limit = tuple[Positive, Positive]
"""How far from perfect a number may be to pass, and to be a warning; beyond, it fails."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ClassifierConfig:
    """The neural classifiers that try to tell generated from true showers."""

    showers: PositiveInt
    """Showers of each kind, at most."""
    curve: tuple[PositiveInt, ...]
    """Fewer showers of each kind for which the AUC is measured too."""
    seeds: PositiveInt
    """Trainings of each classifier; their spread is its error."""
    dense_hidden: tuple[PositiveInt, ...]
    """Widths of the hidden layers on high-level features and on cells."""
    dense_learning_rate: Positive
    """Adam's."""
    dense_batches: PositiveInt
    """Updates per epoch, at most: batches have 32 showers at least."""
    dense_epochs: PositiveInt
    """At most; the best of them is kept."""
    dense_patience: PositiveInt
    """Epochs without a better AUC on the choice set before it ends."""
    resnet_channels: tuple[PositiveInt, ...]
    """Features of each residual block."""
    resnet_learning_rate: Positive
    """Adam's at the start; it falls when the choice set has not improved for half the patience."""
    resnet_batch_size: PositiveInt
    """Showers per update."""
    resnet_epochs: PositiveInt
    """At most."""
    resnet_patience: PositiveInt
    """Epochs without a better AUC on the choice set before it ends."""

    def __post_init__(self) -> None:
        for name in ("dense_hidden", "resnet_channels"):
            if not getattr(self, name):
                raise ConfigError(f"validate.classifiers.{name} is empty. Give a width or more.")


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ValidateConfig:
    """Generated showers against Geant4."""

    energy_bins: PositiveInt
    """Bins of primary energy."""
    hit_threshold_MeV: Positive
    """A cell above it is hit."""
    separation_bins: PositiveInt
    """Bins of the histograms whose separation power is measured."""
    bootstrap_replicas: Annotated[int, Field(ge=2, strict=True)]
    """Resampled pairs of samples, for errors."""
    floor_splits: Annotated[int, Field(ge=2, strict=True)]
    """Pairs of independent Geant4 samples, for the floor."""
    slow_floor_splits: PositiveInt
    """As many of them for FPD, KPD, PRDC and nearest neighbours, which take seconds."""
    classifiers: ClassifierConfig
    """As the validate stage trains them: within seconds."""
    full_classifiers: ClassifierConfig
    """As CaloChallenge trains them, for results that are kept."""
    pass_sigmas: Positive
    """What Geant4 against itself gives, plus so many of its standard deviations, passes always."""
    warn_sigmas: Positive
    """Likewise for a warning."""
    seed: NonNegativeInt
    """Decides resampling and splits."""
    limits: dict[str, Limit]
    """Other limits than those of `heitler.validation.metrics`, by the line's name."""

    def __post_init__(self) -> None:
        for name, (passes, warns) in self.limits.items():
            if passes > warns:
                raise ConfigError(
                    f"validate.limits.{name} is [{passes}, {warns}]: what passes must not be "
                    "farther from perfect than what is a warning. Swap the two."
                )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class CompactConfig:
    """How large the compact generator is, how long it learns, and how it is judged."""

    channels: PositiveInt
    """Features per block: more are more exact and slower."""
    block_cells: Annotated[int, Field(ge=2, strict=True)]
    """Cells along each side of the blocks that are made at once."""
    showers: PositiveInt
    """Showers of the full generator, seen once each while learning."""
    batch_size: PositiveInt
    """Showers per step."""
    learning_rate: Positive
    """Adam's at the start; falls to zero as a cosine."""
    seed: NonNegativeInt
    """Decides initial weights, noise and energies."""
    judged_showers: PositiveInt
    """Pairs of showers, compact and full from the same noise, by which it is judged."""
    calibration_showers: PositiveInt
    """Other pairs, from which the last correction of the energy scale is taken."""
    energy_bins: PositiveInt
    """Bins of primary energy in which the response is judged and corrected."""
    response_pass: Positive
    """Largest |R_compact / R_full - 1| of a bin that passes."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ProjectConfig:
    """Time per epoch on many nodes, from measurements on few."""

    nodes: tuple[PositiveInt, ...]
    """Numbers of nodes to predict for."""
    ranks_per_node: PositiveInt
    """Workers that share a node; a number of workers that stage `scale` has measured."""
    showers: PositiveInt
    """In the training set that is projected."""
    interconnect: str
    """A preset of `heitler.scaling.interconnects`, or "measured" (`heitler check-cluster`)."""
    allreduce: Literal["ring", "recursive_halving"]
    interval: Annotated[float, Field(strict=True, gt=0, lt=1)]
    """Share of the Monte Carlo draws that an interval holds."""
    draws: PositiveInt
    """Monte Carlo draws."""
    seed: NonNegativeInt
    """Decides the draws."""
