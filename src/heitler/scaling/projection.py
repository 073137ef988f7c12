"""Time per epoch on N nodes, from what a cycle costs on one.

    T(N) = cycles(N) x (compute x slowest(N r) + on-node + all-reduces(N) + coordination(N) + input)
           + fixed cost per epoch

with r workers (ranks) per node and an equal batch per worker, so that more nodes mean fewer,
larger cycles, as in the paper. Nothing is taken to hide behind computation: the generator's updates
need the sums of the one before, and the discriminator's messages are small. Every quantity may be
one number or one per Monte Carlo draw.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.scaling.interconnects import Algorithm, Link, allreduce_s
from heitler.scaling.slowest import slowest_over_mean

Samples: TypeAlias = float | NDArray[np.float64]


class ProjectionError(HeitlerError):
    """A training that cannot be projected."""


@dataclass(frozen=True)
class Job:
    """What is trained, and how it is spread."""

    showers: int
    """In the training set."""
    batch_per_worker: int
    ranks_per_node: int
    messages_B: tuple[int, ...]
    """Bytes of each all-reduce of a cycle."""
    algorithm: Algorithm
    spreads_remainder: bool = True
    """Showers left over by whole cycles make some cycles larger, as in `heitler.data.batches`;
    otherwise they are dropped, as in most training codes."""

    def cycles(self, nodes: int) -> int:
        """Whole cycles in an epoch.

        Raises:
            ProjectionError: if not even one cycle can be filled.
        """
        global_batch = nodes * self.ranks_per_node * self.batch_per_worker
        if global_batch > self.showers:
            raise ProjectionError(
                f"{nodes} nodes take {global_batch:,} showers per cycle ({self.ranks_per_node} "
                f"workers per node, {self.batch_per_worker} showers per worker), but the training "
                f"set has {self.showers:,}. Use at most {self.most_nodes()} nodes, a smaller "
                "batch per worker, or more showers."
            )
        return self.showers // global_batch

    def fill(self, nodes: int) -> float:
        """Mean size of a cycle over its nominal global batch: 1, or a little more."""
        nominal = self.cycles(nodes) * nodes * self.ranks_per_node * self.batch_per_worker
        return self.showers / nominal if self.spreads_remainder else 1.0

    def most_nodes(self) -> int:
        """The largest number of nodes whose cycle the training set can fill."""
        return self.showers // (self.ranks_per_node * self.batch_per_worker)


@dataclass(frozen=True)
class Costs:
    """What one cycle and one epoch cost; times in s, each a number or (S,) draws."""

    compute_s: Samples
    """Mean over workers, for `Job.batch_per_worker` showers, all workers of a node busy."""
    spread: Samples
    """Spread of the logarithm of the compute time, between workers and cycles."""
    barriers: Samples
    """How often per cycle the slowest worker is waited for, as the factor by which the excess of
    one wait grows: 1 if a slow worker is slow for a whole cycle, sqrt(updates) if every update
    (each followed by an all-reduce) is slow or fast independently."""
    on_node_s: Samples
    """All-reduces among the workers of one node, waiting for each other excluded."""
    coordination_s: Samples
    """Per all-reduce between nodes, whatever its size: agreeing on what to sum, starting."""
    input_s: Samples
    """Waiting for input."""
    fixed_s: Samples
    """Per epoch, however many nodes: start and end of an epoch, evaluation, writing."""
    link: Link
    """Between nodes."""


def cycle_s(costs: Costs, job: Job, nodes: int) -> Samples:
    """Seconds of one cycle on `nodes` nodes."""
    excess = slowest_over_mean(nodes * job.ranks_per_node, costs.spread) - 1
    compute = job.fill(nodes) * costs.compute_s * (1 + costs.barriers * excess)
    return compute + costs.on_node_s + costs.input_s + exposed_communication_s(costs, job, nodes)


def exposed_communication_s(costs: Costs, job: Job, nodes: int) -> Samples:
    """Seconds per cycle of all-reduces between nodes, coordination included; 0 on one node."""
    if nodes == 1:
        return 0.0
    sums = np.array(
        [allreduce_s(size, nodes, costs.link, job.algorithm) for size in job.messages_B]
    )
    # Before each, every node learns that all others are ready: up and down a tree.
    agreement = 2 * np.ceil(np.log2(nodes)) * costs.link.latency_s
    exposed: Samples = sums.sum(axis=0) + len(sums) * (costs.coordination_s + agreement)
    return exposed


def epoch_s(costs: Costs, job: Job, nodes: int) -> Samples:
    """Seconds per epoch on `nodes` nodes.

    Raises:
        ProjectionError: if the training set is too small for so many nodes.
    """
    return job.cycles(nodes) * cycle_s(costs, job, nodes) + costs.fixed_s


def efficiency(costs: Costs, job: Job, nodes: int) -> Samples:
    """Scaling efficiency T(1) / (N T(N)) of the time per epoch."""
    return epoch_s(costs, job, 1) / (nodes * epoch_s(costs, job, nodes))


def drawn(costs: Costs, relative_errors: dict[str, float], size: int, seed: int) -> Costs:
    """Monte Carlo draws of all costs: lognormal about the best values.

    Args:
        costs: best values, numbers.
        relative_errors: one standard deviation of the logarithm, by field of `Costs`; the rest
            is exact. The link carries its own error; `barriers` is uniform between its extremes,
            1 and the value given.
        size: draws.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)

    def lognormal(value: Samples, error: float) -> NDArray[np.float64]:
        return np.asarray(value * np.exp(error * generator.standard_normal(size)))

    link = replace(
        costs.link,
        latency_s=lognormal(costs.link.latency_s, costs.link.relative_error),
        bandwidth_B_per_s=lognormal(costs.link.bandwidth_B_per_s, costs.link.relative_error),
    )
    changed = {
        name: lognormal(getattr(costs, name), error)
        for name, error in sorted(relative_errors.items())
    }
    barriers = generator.uniform(1.0, np.maximum(costs.barriers, 1.0), size)
    return replace(costs, link=link, barriers=barriers, **changed)


def interval(draws: Samples, level: float) -> tuple[float, float]:
    """Central interval that holds the share `level` of the draws."""
    low, high = np.quantile(np.atleast_1d(draws), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
