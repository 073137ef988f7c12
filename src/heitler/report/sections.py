"""What the page says of runs, more workers, many nodes, and evolution against gradients.

The table of runs has a name that links to the run's page in MLflow, and the main numbers; many
nodes, the paper's own efficiency and predictions checked; evolution, Table 1 and final losses.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heitler.config import EvolveConfig
from heitler.evolution.summary import GRADIENT, EvolutionResults, StrategyResult
from heitler.report.evolution_figures import NAMES
from heitler.report.tables import Row
from heitler.report.wording import percent
from heitler.scaling import published
from heitler.scaling.holdouts import Residual

MAKE_UI = "http://127.0.0.1:5000"
"""Where `make ui` shows the runs."""
SERIES = {"paper": "Paper, {} nodes (Xeon 8260)", "V100": "Public series, {} V100 GPUs"}
LABELS = {
    "weak": "{} workers, each with the batch of one alone (weak scaling)",
    "strong": "{} workers sharing the same batch (strong scaling)",
    "independent": "{} processes side by side that do not communicate",
}


@dataclass(frozen=True)
class RunRow:
    """A training."""

    name: str
    link: str
    cells: tuple[tuple[str, str], ...]
    """Heading and text."""


def run_rows(runs: Sequence[Mapping[str, Any]]) -> list[RunRow]:
    """Rows of `heitler.tracking.comparison.compare_runs`, as text."""
    return [
        RunRow(
            name=str(run["run"]),
            link=f"{mlflow_address()}/{run['mlflow_page']}",
            cells=tuple((heading, _text(run.get(key), form)) for key, heading, form in COLUMNS),
        )
        for run in runs
    ]


def mlflow_address() -> str:
    """The tracking server's where there is one, or that of `make ui`."""
    address = os.environ.get("MLFLOW_TRACKING_URI", "")
    return address.rstrip("/") if address.startswith(("http://", "https://")) else MAKE_UI


COLUMNS = (
    ("recipe", "Recipe", "s"),
    ("workers", "Workers", ".0f"),
    ("global_batch_size", "Batch", ".0f"),
    ("epochs", "Epochs", ".0f"),
    ("epoch_time_s", "s / epoch", ".1f"),
    ("showers_per_second", "Showers / s", ".1f"),
    ("communication_percent", "Comm. %", ".1f"),
    ("response_worst_deviation", "Worst |R - 1|", ".3f"),
)


def _text(value: Any, form: str) -> str:
    return "" if value is None else format(value, form)


def table_1(config: EvolveConfig) -> list[Row]:
    """The paper's Table 1 with our values; it gives no mutation rate and power."""
    own = config.of_strategy("one-plus-lambda")
    return [
        Row("Weights mutated", f"rate {own.mutation_rate:.2g}", "of the weights per child"),
        Row("Mutation", f"U[-1, 1] x {own.mutation_power:.2g}", "added to a weight"),
        Row("Parents at the start (M)", str(own.parents), "drawn uniformly"),
        Row("Offspring (λ)", str(own.offspring), "per generation"),
        Row("Bias", "0", ""),
        Row("Training showers", f"{own.showers:,}", "at most"),
        Row("Batch", str(own.batch_size), "showers"),
    ]


def strategy_rows(found: EvolutionResults) -> list[Row]:
    """Final test loss of every strategy: median and quartiles over seeds."""
    return [_strategy_row(name, own) for name, own in found.strategies.items()]


def _strategy_row(name: str, found: StrategyResult) -> Row:
    unit = f"quartiles {found.loss_low:.4f} to {found.loss_high:.4f}"
    if name != GRADIENT:
        unit += f"; {found.gap:+.0%} from RMSprop's"
    unit += f"; worst energy bin {percent(found.error_worst_bin)}"
    return Row(NAMES.get(name, name), f"{found.loss:.4f};", unit)


def projection_rows(residuals: Sequence[Residual]) -> list[Row]:
    """Predicted time per epoch beside the published one, of the predictions that count."""
    return [
        Row(
            SERIES.get(found.check, f"{found.check.replace('/', ' per ')}, {{}} hosts").format(
                found.nodes
            ),
            _seconds(found.predicted_s),
            f"s predicted, {_seconds(found.observed_s)} s "
            f"{'published' if found.check in SERIES else 'measured, per cycle'}: "
            f"{found.deviation:+.1%}",
        )
        for found in residuals
        if found.headline
    ]


def published_efficiency() -> str:
    """What the paper's times give, beside what it says."""
    one = published.ONE_NODE_S
    on_128 = published.efficiency(one, published.ON_128_NODES_S, 128)
    on_256 = published.efficiency(one, published.ON_256_NODES_S, 256)
    return (
        f"The paper says that scaling is {percent(published.CLAIMED_EFFICIENCY.value)} efficient "
        f"up to 256 nodes; its own times give {percent(on_256.value)} there "
        f"({percent(on_256.low)} to {percent(on_256.high)} by what their rounding allows) and "
        f"{percent(on_128.value)} on 128 nodes."
    )


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def workers_answer(points: Sequence[Mapping[str, Any]]) -> str:
    """Whether more workers are faster, by the largest number measured; empty if none was."""
    weak = [row for row in points if row["kind"] == "weak" and row["workers"] > 1]
    if not weak:
        return ""
    most = max(weak, key=lambda row: row["workers"])
    low, high = most["efficiency_low"], most["efficiency_high"]
    sure = f"; 95% interval {percent(low)} to {percent(high)}" if high > low else ""
    return (
        f"Do more workers learn faster? {most['workers']:.0f} on this machine do "
        f"{most['workers'] * most['efficiency']:.2f} times as many showers a second as one "
        f"(efficiency {percent(most['efficiency'])}{sure})."
    )


def worker_rows(points: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Measured efficiency with its interval, by kind and number of workers.

    `points` are rows of the stage `scale`, of `heitler.scaling.efficiency.compare_points`.
    """
    return [
        Row(
            LABELS[row["kind"]].format(f"{row['workers']:.0f}"),
            percent(row["efficiency"]),
            _about_workers(row),
        )
        for row in points
        if row["kind"] in LABELS and row["workers"] > 1
    ]


def _about_workers(row: Mapping[str, Any]) -> str:
    low, high = row["efficiency_low"], row["efficiency_high"]
    sure = f"95% interval {percent(low)} to {percent(high)}" if high > low else "measured once"
    text = f"efficient ({sure})"
    if row["kind"] != "independent":
        text += f", communication {percent(row['communication_fraction'])} of a cycle"
    if (beside := row.get("efficiency_against_independent")) is not None:
        text += f"; {percent(beside)} of what processes that do not communicate reach"
    return text
