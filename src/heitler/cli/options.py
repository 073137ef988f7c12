"""What several commands do with their options."""

import math

import typer


def finite(value: float | None) -> float | None:
    """Refuse nan and inf, which compare with limits as if they kept them."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to calculate with. Give a finite one.")
    return value
