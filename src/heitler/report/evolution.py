"""What the page says of evolution against gradients: Table 1 and final losses."""

from collections.abc import Mapping
from typing import Any

from heitler.config import EvolveConfig
from heitler.report.evolution_figures import NAMES
from heitler.report.tables import Row
from heitler.report.wording import percent

GRADIENT = "rmsprop"


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
