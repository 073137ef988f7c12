"""What a training on N nodes takes, with intervals: the table of `heitler plan`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heitler.scaling.projection import Costs, Job, Samples, efficiency, epoch_s, interval

HOUR_S = 3600.0


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
    """Of the whole training; start-up and queueing excluded."""
    epochs_in_budget: int | None
    """Whole epochs that the budget pays for, by the best value; None without a budget."""
    kind: str
    """measured: the node that was calibrated; projected: all others."""


def plan_training(
    best: Costs,
    draws: Costs,
    job: Job,
    nodes: Sequence[int],
    *,
    epochs: int,
    budget_node_hours: float | None,
    level: float,
) -> list[PlanRow]:
    """One row per number of nodes.

    Args:
        best: best values of all costs.
        draws: Monte Carlo draws of them, for the intervals.
        job: what is trained.
        nodes: numbers of nodes.
        epochs: of the whole training.
        budget_node_hours: what may be spent.
        level: share of the draws in an interval.

    Raises:
        ProjectionError: if the training set is too small for so many nodes.
    """
    return [_row(best, draws, job, n, epochs, budget_node_hours, level) for n in nodes]


def _row(
    best: Costs,
    draws: Costs,
    job: Job,
    nodes: int,
    epochs: int,
    budget_node_hours: float | None,
    level: float,
) -> PlanRow:
    def estimate(quantity: Callable[[Costs, Job, int], Samples]) -> Estimate:
        value = float(np.mean(quantity(best, job, nodes)))
        return Estimate(value, *interval(quantity(draws, job, nodes), level))

    epoch = estimate(epoch_s)
    node_hours = epoch.times(epochs * nodes / HOUR_S)
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
        efficiency=estimate(efficiency),
        node_hours=node_hours,
        epochs_in_budget=affordable,
        kind="measured" if nodes == 1 else "projected",
    )


def largest_useful(costs: Costs, job: Job, min_efficiency: float) -> int:
    """The largest number of nodes up to which the efficiency stays at or above a limit.

    Bounded by the nodes whose cycle the training set can fill.
    """
    for nodes in range(2, job.most_nodes() + 1):
        if float(np.mean(efficiency(costs, job, nodes))) < min_efficiency:
            return nodes - 1
    return job.most_nodes()
