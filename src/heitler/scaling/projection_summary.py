"""What a projection found, as metrics and in words; also against cycles over an emulated link."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heitler.scaling import published
from heitler.scaling.holdouts import Residual
from heitler.scaling.interconnects import Algorithm, Link, allreduce_s
from heitler.scaling.plan import PlanRow

COMPARED = ("predicted_s", "observed_s", "deviation")


def projection_metrics(rows: Sequence[PlanRow], residuals: Sequence[Residual]) -> dict[str, Any]:
    """Predictions that count beside what was observed, the paper's efficiencies, and ours."""
    one = published.ONE_NODE_S
    on_128 = published.efficiency(one, published.ON_128_NODES_S, 128)
    on_256 = published.efficiency(one, published.ON_256_NODES_S, 256)
    headlines = [residual for residual in residuals if residual.headline]
    return {
        **{_key(r, name): r.row()[name] for r in headlines for name in COMPARED},
        "targets_met": all(residual.passes for residual in headlines),
        "paper_128_efficiency": on_128.value,
        "paper_128_efficiency_low": on_128.low,
        "paper_128_efficiency_high": on_128.high,
        "paper_256_efficiency": on_256.value,
        "paper_256_efficiency_low": on_256.low,
        "paper_256_efficiency_high": on_256.high,
        "paper_claimed_efficiency": published.CLAIMED_EFFICIENCY.value,
        **{f"projected_{row.nodes}_epoch_s": row.epoch_s.value for row in rows},
        **{f"projected_{row.nodes}_efficiency": row.efficiency.value for row in rows},
    }


def _key(residual: Residual, name: str) -> str:
    """Such as `paper_256_deviation`, `emulated-at-100-Mbit-per-s_4_predicted_s`."""
    check = residual.check.replace("/", " per ").replace(" ", "-")
    return f"{check}_{residual.nodes}_{name}"


def residual_table(residuals: Sequence[Residual]) -> list[str]:
    """Lines: what is shown, the columns' names, and a prediction beside its observation each."""
    title = "Predictions beside observations, s per epoch; those with a star must meet the target:"
    header = (
        f"  {'check':22} {'nodes':>5} {'predicted':>9} {'interval':>15} {'observed':>8} "
        f"{'deviation':>9} {'target':>6}  predicted from"
    )
    rows = [
        f"{'*' if r.headline else ' '} {r.check:22} {r.nodes:5} {r.predicted_s:9.2f} "
        f"{f'[{r.low_s:.1f}, {r.high_s:.1f}]':>15} {r.observed_s:8.2f} {r.deviation:+9.1%} "
        f"{r.target:6.0%}  {r.fitted_to}"
        for r in residuals
    ]
    return [title, header, *rows]


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
