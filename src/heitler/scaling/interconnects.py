"""What the all-reduces of a cycle send and cost: latency-bandwidth, ring, recursive halving.

Model and formulas: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication
Operations in MPICH", IJHPCA 19 (2005) 49, doi:10.1177/1094342005051521, without the time of the
additions, which is small against the link's.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.networks import family_of
from heitler.scaling.published import ONE_NODE_S, RANKS_PER_NODE

Samples = float | NDArray[np.float64]
"""One value, or one per Monte Carlo draw: (S,)."""
Algorithm = Literal["ring", "recursive_halving"]


MEASURED = "measured"
UNMEASURED_LATENCY_S = 25e-6
"""Latency of a step over TCP: literature, as in the presets."""
LINK_FILE = Path("reports/cluster/link.json")


class InterconnectError(HeitlerError):
    """No interconnect of that name, or no measurement of it."""


@dataclass(frozen=True)
class Link:
    """Between two nodes, one direction."""

    name: str
    latency_s: Samples
    """Time of a small message, software included."""
    bandwidth_B_per_s: Samples
    relative_error: float
    """One standard deviation of either number (of its logarithm)."""
    source: str
    start_s: float = 1e-3
    """Cost of an all-reduce whatever its size: Horovod looks once per HOROVOD_CYCLE_TIME, 1 ms
    unless changed, for something to sum."""


def _literature(name: str, latency_us: float, gigabytes_per_s: float, source: str) -> Link:
    return Link(name, latency_us * 1e-6, gigabytes_per_s * 1e9, 0.3, f"literature: {source}")


PRESETS = {
    link.name: link
    for link in (
        _literature("omni-path-100", 1.5, 12.3, "100 Gbit/s line rate, typical MPI latency"),
        _literature("infiniband-edr", 1.2, 12.0, "100 Gbit/s line rate, typical MPI latency"),
        _literature("infiniband-hdr", 1.1, 24.0, "200 Gbit/s line rate, typical MPI latency"),
        _literature("ethernet-10", 25.0, 1.17, "10 Gbit/s line rate, typical TCP latency"),
        _literature("ethernet-25", 20.0, 2.9, "25 Gbit/s line rate, typical TCP latency"),
        _literature("ethernet-100", 15.0, 11.5, "100 Gbit/s line rate, typical TCP latency"),
        _literature("nvlink-2", 5.0, 130.0, "V100: 6 links of 25 GB/s, NCCL; for reference"),
    )
}
"""Round textbook numbers, trusted to 30%: line rates less framing; nothing that we measured."""


def find_link(name: str, measurement: Path = LINK_FILE) -> Link:
    """A preset by its name, or "measured": what `heitler check-cluster` wrote.

    Raises:
        InterconnectError: naming the ones there are, or how to measure.
    """
    if name == MEASURED:
        return _read_link(measurement)
    if name not in PRESETS:
        raise InterconnectError(
            f"No interconnect is called {name!r}. There are: {', '.join(PRESETS)}, and, after "
            f"`heitler check-cluster`, {MEASURED}."
        )
    return PRESETS[name]


def _read_link(path: Path) -> Link:
    if not path.is_file():
        raise InterconnectError(
            f"{path}: not found, so there is no measured interconnect. Run `heitler "
            f"check-cluster` on the hosts in question, or use one of {', '.join(PRESETS)}."
        )
    found = json.loads(path.read_text())
    if "bandwidth_B_per_s" not in found:
        raise InterconnectError(
            f"{path}: measured with one worker, so there is no link in it. Run `heitler "
            f"check-cluster` with several, or use one of {', '.join(PRESETS)}."
        )
    # Few workers cannot tell the latency of a step from Horovod's own start of an all-reduce; if
    # all were latency, it would be multiplied by the number of nodes.
    return Link(
        MEASURED,
        UNMEASURED_LATENCY_S,
        float(found["bandwidth_B_per_s"]),
        0.3,
        f"bandwidth and start of an all-reduce measured by heitler check-cluster: {path}",
        start_s=float(found["allreduce_4_B_s"]),
    )


def allreduce_s(size_B: float, processes: int, link: Link, algorithm: Algorithm) -> Samples:
    """Seconds to sum `size_B` bytes over `processes` processes; 0 for one.

    ring: 2 (N-1) a + 2 (N-1)/N S/B, for any N.

    recursive_halving (Rabenseifner): 2 log2(N) a + 2 (N-1)/N S/B for N a power of two; otherwise
    the surplus processes first hand their data to a neighbour and get the result back, which
    adds 2 a + 2 S/B to the time of the next lower power of two.
    """
    if processes == 1:
        return 0.0
    if algorithm == "ring":
        return 2 * (processes - 1) * link.latency_s + _volume_s(size_B, processes, link)
    rounds = int(math.log2(processes))
    power = 2**rounds
    halving = 2 * rounds * link.latency_s + _volume_s(size_B, power, link)
    if power == processes:
        return halving
    return halving + 2 * link.latency_s + 2 * size_B / link.bandwidth_B_per_s


def _volume_s(size_B: float, processes: int, link: Link) -> Samples:
    return 2 * (processes - 1) / processes * size_B / link.bandwidth_B_per_s


BYTES = 4
"""Gradients are exchanged in single precision."""
LOSSES = 5
"""Numbers that ride along with the gradients."""
ASSUMED_SHOWERS = 200_000
"""In the paper's training set, which it does not print: those of the public data set of the time
[svalleco/3Dgan]. The time per shower is inversely proportional to it."""
SHOWER_S = RANKS_PER_NODE * ONE_NODE_S.value / ASSUMED_SHOWERS
"""Time of one worker: 0.065 s."""
LINK = PRESETS["omni-path-100"]
SECONDS_PER_MINUTE = 60.0


def cycle_messages_B(design: Design, image_shape: Size, generator_updates: int) -> tuple[int, ...]:
    """Bytes of each all-reduce of a cycle, such as D on real, D on fake, then G's updates.

    Each carries the gradients of the updated network, its batch-norm statistics, and the losses.
    """
    family = family_of(design)
    discriminator, generator = family.parameter_counts(design, image_shape)
    counts = {"discriminator": discriminator, "generator": generator}
    learning = [name.partition("_")[0] for name in family.update_names(generator_updates)]
    return tuple(BYTES * (counts[network] + LOSSES) for network in learning)


def minutes_on_nodes(
    phases: Sequence[tuple[int, int]], messages_B: Sequence[int], nodes: int = 256
) -> float:
    """Minutes of phases of (cycles, global batch), with at most so many nodes."""
    return sum(
        cycles * phase_cycle_s(batch, messages_B, nodes) for cycles, batch in phases
    ) / SECONDS_PER_MINUTE  # fmt: skip


def phase_cycle_s(batch: int, messages_B: Sequence[int], nodes: int) -> float:
    """Seconds of a cycle of this global batch."""
    workers = min(batch, nodes * RANKS_PER_NODE)
    used = math.ceil(workers / RANKS_PER_NODE)
    sums = [float(allreduce_s(size, used, LINK, "ring")) for size in messages_B]
    return math.ceil(batch / workers) * SHOWER_S + sum(sums)
