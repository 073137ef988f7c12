"""Numbers of the projection to many nodes."""

from heitler.report.claims.question import Number
from heitler.report.claims.results import Results

DRAWS = "interval of the projection"


def projected(results: Results, nodes: int, name: str, unit: str, factor: float = 1.0) -> Number:
    """A column of `reports/project/projection.csv` with its interval, in the unit asked for."""
    row = results.row("project", "projection.csv", nodes=nodes)
    value, low, high = (row[f"{name}{end}"] * factor for end in ("", "_low", "_high"))
    return Number(value, unit, low, high, DRAWS)
