"""The model against several hosts emulated on one machine, joined by links of known bandwidth.

The hosts share the machine's cores, so their computing is taken from a run of the same hosts with
unlimited links; predicted is what a limited link adds.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from heitler.scaling.holdouts import Residual
from heitler.scaling.interconnects import Algorithm, Link, allreduce_s

RESULTS = Path("benchmarks/results/namespaces.json")
TARGET = 0.15
PAYLOAD = 1448 / 1514
"""Share of an Ethernet frame that is data, with the headers of Ethernet, IP and TCP."""


def limited_cycle_s(
    unlimited_cycle_s: float,
    messages_B: Sequence[int],
    hosts: int,
    bandwidth_bit_per_s: float,
    algorithm: Algorithm = "ring",
) -> float:
    """Seconds of a cycle on hosts whose links carry `bandwidth_bit_per_s` each.

    Args:
        unlimited_cycle_s: of the same hosts with unlimited links.
        messages_B: bytes of each all-reduce of a cycle.
        hosts: one worker each.
        bandwidth_bit_per_s: of a host's link, one direction.
        algorithm: Gloo's is the ring.
    """
    link = Link("limited", 0.0, PAYLOAD * bandwidth_bit_per_s / 8, 0.0, "set by the emulation")
    added = [float(allreduce_s(size, hosts, link, algorithm)) for size in messages_B]
    return unlimited_cycle_s + sum(added)


def emulated_residuals(path: Path = RESULTS) -> list[Residual]:
    """Measured cycle times beside predicted ones; none where nothing was emulated.

    The file holds `messages_B`, `hosts`, `unlimited_cycle_s`, and `limited`: a list of
    `bandwidth_bit_per_s` and `cycle_s`, as `benchmarks/namespaces.py` writes it.
    """
    if not path.is_file():
        return []
    found = json.loads(path.read_text())
    rows = []
    for run in found["limited"]:
        bandwidth, hosts = run["bandwidth_bit_per_s"], found["hosts"]
        predicted = limited_cycle_s(
            found["unlimited_cycle_s"], found["messages_B"], hosts, bandwidth
        )
        rows.append(
            Residual(
                check=f"emulated at {bandwidth / 1e6:g} Mbit/s",
                fitted_to="the same hosts with unlimited links; time of a cycle",
                nodes=hosts,
                predicted_s=predicted,
                low_s=predicted,
                high_s=predicted,
                observed_s=run["cycle_s"],
                target=TARGET,
                headline=True,
            )
        )
    return rows
