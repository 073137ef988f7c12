"""The sections about the networks and their training: model, train."""

from dataclasses import asdict, field, replace
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import (
    STRICT,
    ConfigError,
    Fraction,
    NonNegativeInt,
    Positive,
    PositiveInt,
    neighbouring_multiples,
)
from heitler.design import Design, resolve


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ModelConfig:
    """The two networks of 3DGAN."""

    recipe: Literal["paper", "heitler", "dense"]
    """The published networks, losses and optimiser, this project's, or its earlier dense one:
    `heitler.design`."""
    network: Literal["3dgan-25", "3dgan-51-angle"]
    """Published shapes; both adapt to the detector's image."""
    latent_dim: PositiveInt
    """Random numbers per shower; 200, or 256 for 3dgan-51-angle."""
    leaky_relu_slope: Fraction
    """For negative inputs."""
    dropout: Fraction
    """Part of the discriminator's features that are left out in training."""
    energy_unit_GeV: Positive
    """Primary energies enter the networks in this unit."""
    cell_unit_GeV: Positive
    """Cell energies enter the networks in this unit."""
    kernels: Literal["fast", "plain"]
    """How layers compute: equal numbers and weights, other speed."""
    changes: dict[str, str | float | bool] = field(default_factory=dict)
    """Choices that differ from the recipe's, by their names in `heitler.design`."""

    def __post_init__(self) -> None:
        self.design  # noqa: B018  resolved as soon as it is read, so that a wrong one is refused

    @cached_property
    def design(self) -> Design:
        """What these parameters choose, resolved."""
        return resolve(asdict(self))


@dataclass(frozen=True, config=STRICT, kw_only=True)
class LossWeights:
    """Weights of the three losses in the total."""

    real_fake: Annotated[float, Field(strict=True, ge=0)]
    """Binary cross-entropy, real against fake."""
    primary_energy: Annotated[float, Field(strict=True, ge=0)]
    """Mean absolute percentage error of the primary energy."""
    ecal_sum: Annotated[float, Field(strict=True, ge=0)]
    """Mean absolute percentage error of the deposited energy."""
    theta: Annotated[float, Field(strict=True, ge=0)]
    """Mean absolute error of the angle in rad; used by 3dgan-51-angle only."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class TrainConfig:
    """Data-parallel adversarial training."""

    workers: PositiveInt
    """Horovod processes."""
    sharding: Literal["own", "same"]
    """Every group reads events of its own; or, as in the public code, all read the same first ones
    of the training set, a group's share of an epoch, in the same order."""
    batches: Literal["shuffled", "stratified"]
    """A group's showers are any; or one of every equal part of the spectrum of primary energies."""
    virtual_workers: PositiveInt | None
    """Groups per global batch, a multiple of `workers`; null is one per worker.

    Without effect where batch norm is synchronised, which makes the groups one.
    """
    batch_norm: Literal["per_worker", "synchronised"]
    """Statistics of each group alone, or of the whole global batch."""
    global_batch_size: PositiveInt
    """Showers per cycle over all workers."""
    epochs: PositiveInt
    """Passes over the training set; more continue a finished training."""
    cycles: PositiveInt | None
    """Stop after so many cycles even if it is within an epoch; null has no limit."""
    learning_rate: Positive
    """At `reference_batch_size`."""
    learning_rate_rule: Literal["none", "sqrt", "linear"]
    """How RMSprop follows the global batch: `heitler.model.optimizers`."""
    reference_batch_size: PositiveInt
    """The global batch for which `learning_rate`, `rmsprop_rho` and `rmsprop_epsilon` are meant."""
    warmup_epochs: Annotated[float, Field(strict=True, ge=0)]
    """Epochs in which the rate goes from `learning_rate` to what the rule makes of it."""
    rmsprop_rho: Fraction
    """Memory of the mean square of the gradient."""
    rmsprop_epsilon: Positive
    """Added to the mean square of the gradient, under the root."""
    loss_weights: LossWeights
    label_flip_probability: Fraction
    """Part of the discriminator's real/fake labels that are turned."""
    generator_updates_per_cycle: PositiveInt
    """The discriminator has two: on real and on fake showers."""
    seed: NonNegativeInt
    """Decides initial weights, noise, order of showers, dropout and label flips."""
    keep_checkpoints: PositiveInt
    """So many newest ones, and the best by `select_by`."""
    checkpoint_every_min: Positive
    """Longest time without a checkpoint, from the start or the last one, while cycles run."""
    select_by: Literal["selection_score", "response_worst_deviation", "last"]
    """Which epoch's generator is exported: lowest |R - 1| plus profile error of the validation
    set, lowest |R - 1|, or simply the last epoch."""
    response_bins: PositiveInt
    """Bins of primary energy in which the response is followed at every epoch."""

    def __post_init__(self) -> None:
        _require_multiple(self.global_batch_size, self.workers, "train.workers", "workers")
        groups = self.batch_norm_groups
        if groups % self.workers:
            raise ConfigError(
                f"train.virtual_workers is {groups}, not a multiple of train.workers "
                f"({self.workers}). Use {neighbouring_multiples(groups, self.workers)}."
            )
        _require_multiple(
            self.global_batch_size, groups, "train.virtual_workers", "virtual workers"
        )
        self._check_sqrt_rule()

    def _check_sqrt_rule(self) -> None:
        memory = 1 - self.rmsprop_rho
        if self.learning_rate_rule == "sqrt" and self.batch_ratio * memory > 1:
            raise ConfigError(
                f"train.learning_rate_rule is sqrt, but train.global_batch_size is "
                f"{self.batch_ratio:g} times train.reference_batch_size, for which RMSprop's rho "
                f"would be {1 - self.batch_ratio * memory:.3g}. Use a global batch of at most "
                f"{int(self.reference_batch_size / memory)}, a train.rmsprop_rho of at least "
                f"{1 - 1 / self.batch_ratio:.4g}, or the rule linear."
            )

    @property
    def batch_ratio(self) -> float:
        """Global batch over the batch that the learning rate is meant for."""
        return self.global_batch_size / self.reference_batch_size

    @property
    def batch_norm_groups(self) -> int:
        """Groups into which the events of a cycle are divided, each with its own statistics
        unless these are synchronised over the workers."""
        virtual = self.virtual_workers if self.batch_norm == "per_worker" else None
        return virtual or self.workers

    def with_workers(self, workers: int) -> "TrainConfig":
        """The same training on another number of workers: equal groups, equal up to rounding."""
        own_statistics = self.batch_norm == "per_worker"
        groups = self.batch_norm_groups if own_statistics else None
        return replace(self, workers=workers, virtual_workers=groups)

    @property
    def possible_workers(self) -> list[int]:
        """Numbers of workers, up to `workers`, that can do the same training; largest first."""
        own_statistics = self.batch_norm == "per_worker"
        shared = self.batch_norm_groups if own_statistics else self.global_batch_size
        return [number for number in range(self.workers, 0, -1) if shared % number == 0]


def _require_multiple(batch: int, groups: int, key: str, noun: str) -> None:
    if batch % groups:
        raise ConfigError(
            f"train.global_batch_size is {batch}, not divisible by {groups} {noun}. "
            f"Use {neighbouring_multiples(batch, groups)}, or change {key}."
        )
