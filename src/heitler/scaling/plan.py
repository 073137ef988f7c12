"""What a training on N nodes takes, with intervals: the table of `heitler plan`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from heitler.config import Config
from heitler.detector import image_shape
from heitler.scaling.calibration import Calibration
from heitler.scaling.interconnects import cycle_messages_B
from heitler.scaling.projection import Costs, Job, Samples, drawn, efficiency, epoch_s, interval

HOUR_S = 3600.0
Quantity = Callable[[Costs, Job, int], Samples]


@dataclass(frozen=True)
class Estimate:
    """A best value and its interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """In another unit, or of several of them."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class PlanRow:
    """A training on `nodes` nodes."""

    nodes: int
    workers: int
    global_batch_size: int
    cycles_per_epoch: int
    epoch_s: Estimate
    training_h: Estimate
    efficiency: Estimate
    """T(1) / (N T(N))."""
    node_hours: Estimate
    """Cost of the whole training; start-up and queueing excluded."""
    epochs_in_budget: int | None
    """Whole epochs that the budget pays for, by the best value; None without a budget."""
    kind: str
    """measured: the node that was calibrated; projected: all others."""


@dataclass(frozen=True)
class Training:
    """A job, what it costs, and how well that is known."""

    job: Job
    best: Costs
    draws: Costs
    """Monte Carlo draws of all costs."""
    level: float
    """Share of the draws in an interval."""

    @classmethod
    def of(cls, config: Config, calibration: Calibration, showers: int) -> "Training":
        """The training that `config` describes, of `showers` showers, on calibrated nodes."""
        project = config.project
        return cls(
            job=Job(
                showers=showers,
                batch_per_worker=calibration.batch_per_worker,
                ranks_per_node=calibration.ranks_per_node,
                messages_B=cycle_messages_B(
                    config.model.design,
                    image_shape(config.detector),
                    config.train.generator_updates_per_cycle,
                ),
                algorithm=project.allreduce,
            ),
            best=calibration.costs,
            draws=drawn(
                calibration.costs, calibration.relative_errors, project.draws, project.seed
            ),
            level=project.interval,
        )

    def estimate(self, quantity: Quantity, nodes: int) -> Estimate:
        """Best value and interval of a function of costs, job and nodes."""
        value = float(np.mean(quantity(self.best, self.job, nodes)))
        return Estimate(value, *interval(quantity(self.draws, self.job, nodes), self.level))


def plan_training(
    training: Training, nodes: Sequence[int], *, epochs: int, budget_node_hours: float | None
) -> list[PlanRow]:
    """One row per number of nodes.

    Args:
        training: what is trained and what that costs.
        nodes: numbers of nodes.
        epochs: of the whole training.
        budget_node_hours: what may be spent; None is not limited.

    Raises:
        ProjectionError: if the training set is too small for so many nodes.
    """
    return [_row(training, n, epochs, budget_node_hours) for n in nodes]


def _row(training: Training, nodes: int, epochs: int, budget_node_hours: float | None) -> PlanRow:
    job = training.job
    epoch = training.estimate(epoch_s, nodes)
    affordable = None
    if budget_node_hours is not None:
        affordable = int(budget_node_hours * HOUR_S / (nodes * epoch.value))
    workers = nodes * job.ranks_per_node
    return PlanRow(
        nodes=nodes,
        workers=workers,
        global_batch_size=workers * job.batch_per_worker,
        cycles_per_epoch=job.cycles(nodes),
        epoch_s=epoch,
        training_h=epoch.times(epochs / HOUR_S),
        efficiency=training.estimate(efficiency, nodes),
        node_hours=epoch.times(epochs * nodes / HOUR_S),
        epochs_in_budget=affordable,
        kind="measured" if nodes == 1 else "projected",
    )


def flat_row(row: PlanRow) -> dict[str, Any]:
    """For a table: an estimate becomes three columns, `x`, `x_low` and `x_high`."""
    flat: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, Estimate):
            ends = {"": value.value, "_low": value.low, "_high": value.high}
            flat |= {f"{field.name}{end}": number for end, number in ends.items()}
        else:
            flat[field.name] = value
    return flat


def largest_useful(training: Training, min_efficiency: float) -> int:
    """The largest number of nodes that still reaches an efficiency, which falls with the nodes.

    Bounded by the nodes whose cycle the training set can fill; by bisection, exact to the small
    steps that whole cycles make.
    """
    enough, beyond = 1, training.job.most_nodes() + 1
    while beyond - enough > 1:
        middle = (enough + beyond) // 2
        if float(np.mean(efficiency(training.best, training.job, middle))) < min_efficiency:
            beyond = middle
        else:
            enough = middle
    return enough
