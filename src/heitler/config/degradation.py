"""The section `degradation`: why large batches make physics worse, and what helps."""

from dataclasses import field
from typing import Literal

from pydantic.dataclasses import dataclass

from heitler.config.changes import Changes
from heitler.config.types import (
    STRICT,
    ConfigError,
    Fraction,
    NonNegativeInt,
    Positive,
    PositiveInt,
)


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ArmConfig:
    """One way to train: what it changes in another arm, and nothing else."""

    about: str
    """For the figures and tables."""
    role: Literal["reference", "baseline", "cause", "remedy", "ingredient"]
    """The reference is one worker; baselines are what causes and remedies are compared with; an
    ingredient is a remedy with one of its choices undone."""
    extends: str | None = None
    """The arm that it differs from, and is compared with; null is the section's `base`."""
    model: Changes = field(default_factory=dict)
    """What differs in the section model."""
    train: Changes = field(default_factory=dict)
    """What differs in the section train."""
    updates_of: str | None = None
    """Train for as many cycles as this arm, however many epochs that is."""
    epochs_factor: Positive = 1.0
    """Times the epochs of the arm that it extends."""
    begins_with: str | None = None
    """Begin with this arm's networks, trained to its end: a batch that grows. The costs of both
    count, and epochs are those after it."""
    statistics: Literal["moving", "recalibrated"] = "moving"
    """Batch norm of the finished generator: its moving averages, or fresh statistics of its own
    batches. Arms that differ in this alone share a training."""
    more_seeds: tuple[NonNegativeInt, ...] = ()
    """It is trained with these too, besides the section's `seeds`."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class DegradationConfig:
    """Arms, seeds, and how they are judged."""

    processes: PositiveInt
    """Trainings at once on this machine, each on one core."""
    seeds: tuple[NonNegativeInt, ...]
    """Finalists are trained once with each, the other arms with the first alone."""
    finalists: tuple[str, ...]
    """Those of the arms in `run` that get all seeds; empty is all."""
    run: tuple[str, ...]
    """Names of the arms to train; empty is all."""
    energy_bins: PositiveInt
    """Bins of primary energy; the first one is what "low energy" means."""
    largest_deviation: Positive
    """|R - 1| at low energy up to which a remedy counts as a cure."""
    merge_cells: tuple[PositiveInt, PositiveInt]
    """A coarser read-out for all arms: cells merged across, on both axes, and layers merged along
    the depth; [1, 1] leaves the showers as they are."""
    judged_epochs: Fraction
    """Part of the epochs, the last ones, whose generators are judged together, each making an equal
    share of the showers; 0 judges the generator of the end alone."""
    followed_showers: PositiveInt
    """Showers of the validation set, on which the response is followed at every epoch."""
    base: dict[Literal["model", "train"], Changes]
    """What all arms change in the sections model and train; has both keys."""
    arms: dict[str, ArmConfig]
    """Changes to the arms of `src/heitler/degradation/arms.yaml`, and other arms."""

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ConfigError("degradation.seeds is empty. Give at least one.")
        if len(self.base) < 2:
            raise ConfigError("degradation.base lacks model or train. Give both, {} for nothing.")
        for key, names in (("run", self.run), ("finalists", self.finalists), *self._links()):
            for name in names:
                if name not in self.arms:
                    raise ConfigError(
                        f"degradation.{key} names the arm {name!r}, which does not exist. "
                        f"Arms: {', '.join(self.arms)}."
                    )
        for name in self.arms:
            self.ancestors(name)
        references = [name for name, arm in self.arms.items() if arm.role == "reference"]
        if len(references) != 1:
            raise ConfigError(
                f"degradation.arms has {len(references)} arms of the role reference. Have one."
            )

    def _links(self) -> list[tuple[str, tuple[str, ...]]]:
        return [
            (f"arms.{name}", tuple(x for x in _others(arm) if x)) for name, arm in self.arms.items()
        ]

    def ancestors(self, name: str) -> list[str]:
        """The arm and all that it extends, the first of them first.

        Raises:
            ConfigError: if an arm extends itself.
        """
        chain = [name]
        while parent := self.arms[chain[0]].extends:
            if parent in chain:
                raise ConfigError(f"degradation.arms.{name} extends itself: {parent}.")
            chain.insert(0, parent)
        return chain

    def require_reference(self) -> None:
        """What a study needs before it trains; parts of one are trained without.

        Raises:
            ConfigError: if one worker is not in `run`.
        """
        if self.run and self.reference not in self.run:
            raise ConfigError(
                f"degradation.run lacks {self.reference!r}, one worker, with which the others are "
                "compared. Add it, or give [] for all arms."
            )

    @property
    def reference(self) -> str:
        """The arm of one worker."""
        return next(name for name, arm in self.arms.items() if arm.role == "reference")


def _others(arm: ArmConfig) -> tuple[str | None, ...]:
    """Arms that this one names."""
    return arm.extends, arm.updates_of, arm.begins_with
