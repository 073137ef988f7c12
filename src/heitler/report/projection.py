"""What the page says of many nodes: the paper's own efficiency, and predictions checked."""

from collections.abc import Mapping
from typing import Any

from heitler.report.tables import Row
from heitler.report.wording import percent

PREDICTED = "_predicted_s"
SERIES = {"paper": "Paper, {} nodes (Xeon 8260)", "V100": "Public series, {} V100 GPUs"}


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
