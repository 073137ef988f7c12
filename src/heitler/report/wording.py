"""Numbers as a reader wants them; None is a number that could not be measured."""

import math
from collections.abc import Mapping
from typing import Any

from heitler.config import OURS, PUBLISHED, Recipe

LABELS: dict[Recipe, str] = {PUBLISHED: "published", OURS: "ours"}
"""Names of the recipes in figures and tables."""
NBSP = "\N{NO-BREAK SPACE}"
NOT_MEASURABLE = "not measurable"


def with_error(found: dict[str, Any], key: str) -> str:
    value, error = found.get(key), found.get(f"{key}_error")
    if value is None:
        return NOT_MEASURABLE
    return f"{value:.3f}" if error is None else f"{value:.3f} ± {error:.3f}"


def percent(value: float | None) -> str:
    if value is None or math.isnan(value):
        return NOT_MEASURABLE
    return f"{100 * value:.2g}{NBSP}%" if value < 0.1 else f"{100 * value:.0f}{NBSP}%"


def decimal(value: float | None) -> str:
    return NOT_MEASURABLE if value is None else f"{value:.3f}"


def duration(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.3g}{NBSP}s" if value >= 1 else f"{1000 * value:.3g}{NBSP}ms"


def energies(bin_: Mapping[str, Any]) -> str:
    """Of a row of a `response.csv`, such as "10 to 25 GeV"."""
    return f"{bin_['energy_low_GeV']:.3g} to {bin_['energy_high_GeV']:.3g} GeV"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
