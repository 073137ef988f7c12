"""What the page says of runs, more workers, many nodes, and evolution against gradients.

The table of runs has a name that links to the run's page in MLflow, and the main numbers; many
nodes, the paper's own efficiency and predictions checked; evolution, Table 1 and final losses.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heitler.config import EvolveConfig
from heitler.report.evolution_figures import NAMES
from heitler.report.tables import Row
from heitler.report.wording import percent

MAKE_UI = "http://127.0.0.1:5000"
"""Where `make ui` shows the runs."""
GRADIENT = "rmsprop"
PREDICTED = "_predicted_s"
SERIES = {"paper": "Paper, {} nodes (Xeon 8260)", "V100": "Public series, {} V100 GPUs"}
EFFICIENCY = re.compile(r"^((weak|strong|independent)_(\d+)_workers)_efficiency$")
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


def strategy_rows(found: Mapping[str, Any]) -> list[Row]:
    """Final test loss of every strategy: median and quartiles over seeds."""
    names = [key.removesuffix("_gap") for key in found if key.endswith("_gap")]
    return [_strategy_row(name, found) for name in names]


def _strategy_row(name: str, found: Mapping[str, Any]) -> Row:
    low, high = found[f"{name}_loss_low"], found[f"{name}_loss_high"]
    unit = f"quartiles {low:.4f} to {high:.4f}"
    if name != GRADIENT:
        unit += f"; {found[f'{name}_gap']:+.0%} from RMSprop's"
    unit += f"; worst energy bin {percent(found[f'{name}_error_worst_bin'])}"
    return Row(NAMES.get(name, name), f"{found[f'{name}_loss']:.4f};", unit)


def projection_rows(found: Mapping[str, Any]) -> list[Row]:
    """Predicted time per epoch beside the published one, for all that the stage has checked."""
    keys = [key.removesuffix(PREDICTED) for key in found if key.endswith(PREDICTED)]
    return [
        Row(
            _label(key),
            _seconds(found[f"{key}_predicted_s"]),
            f"s predicted, {_seconds(found[f'{key}_observed_s'])} s {_observed(key)}: "
            f"{found[f'{key}_deviation']:+.1%}",
        )
        for key in keys
    ]


def published_efficiency(found: Mapping[str, Any]) -> str:
    """What the paper's times give, beside what it says."""
    low, high = (percent(found[f"paper_256_efficiency_{end}"]) for end in ("low", "high"))
    return (
        f"The paper says that scaling is {percent(found['paper_claimed_efficiency'])} efficient up "
        f"to 256 nodes; its own times give {percent(found['paper_256_efficiency'])} there "
        f"({low} to {high} by what their rounding allows) and "
        f"{percent(found['paper_128_efficiency'])} on 128 nodes."
    )


def _observed(key: str) -> str:
    return "published" if key.partition("_")[0] in SERIES else "measured, per cycle"


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _label(key: str) -> str:
    series, _, number = key.partition("_")
    return SERIES.get(series, f"{series.replace('-', ' ')}, {{}} hosts").format(number)


def workers_answer(found: Mapping[str, Any]) -> str:
    """Whether more workers are faster, by the largest number measured; empty if none was."""
    weak = [int(m[3]) for m in map(EFFICIENCY.match, found) if m and m[2] == "weak"]
    if not weak:
        return ""
    most = max(weak)
    efficiency = found[f"weak_{most}_workers_efficiency"]
    low, high = (found[f"weak_{most}_workers_efficiency_{end}"] for end in ("low", "high"))
    sure = f"; 95% interval {percent(low)} to {percent(high)}" if high > low else ""
    return (
        f"Do more workers learn faster? {most} on this machine do {most * efficiency:.2f} times as "
        f"many showers a second as one (efficiency {percent(efficiency)}{sure})."
    )


def worker_rows(found: Mapping[str, Any]) -> list[Row]:
    """Measured efficiency with its interval, by kind and number of workers."""
    rows = []
    for key, kind, workers in (match.groups() for match in map(EFFICIENCY.match, found) if match):
        low, high = (found[f"{key}_efficiency_{end}"] for end in ("low", "high"))
        range_is = (
            f"95% interval {percent(low)} to {percent(high)}" if high > low else "measured once"
        )
        unit = f"efficient ({range_is})"
        if kind != "independent":
            unit += f", communication {percent(found[f'{key}_communication_fraction'])} of a cycle"
        if (beside := found.get(f"{key}_efficiency_against_independent")) is not None:
            unit += f"; {percent(beside)} of what processes that do not communicate reach"
        rows.append(Row(LABELS[kind].format(workers), percent(found[f"{key}_efficiency"]), unit))
    return rows
