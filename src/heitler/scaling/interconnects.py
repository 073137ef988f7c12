"""What an all-reduce costs on a link: latency-bandwidth model, ring and recursive halving.

Model and formulas: Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication
Operations in MPICH", IJHPCA 19 (2005) 49, doi:10.1177/1094342005051521, without the time of the
additions, which is small against the link's.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError

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
