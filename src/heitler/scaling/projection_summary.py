"""What a projection found, as metrics and in words."""

from collections.abc import Sequence
from typing import Any

from heitler.scaling import published
from heitler.scaling.holdouts import Residual
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
