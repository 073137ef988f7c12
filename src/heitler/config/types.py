"""What all parameter sections share: strict dataclasses, common types, the error."""

from typing import Annotated

from pydantic import ConfigDict, Field

from heitler.base.errors import ConfigError

__all__ = [
    "STRICT",
    "ConfigError",
    "Fraction",
    "NonNegativeInt",
    "Positive",
    "PositiveInt",
    "neighbouring_multiples",
]
STRICT = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)
Positive = Annotated[float, Field(strict=True, gt=0)]
PositiveInt = Annotated[int, Field(ge=1, strict=True)]
NonNegativeInt = Annotated[int, Field(ge=0, strict=True)]
Fraction = Annotated[float, Field(strict=True, ge=0, lt=1)]


def neighbouring_multiples(value: int, divisor: int) -> str:
    """The multiples of `divisor` around `value`, for a remedy: "96 or 104"."""
    lower = value // divisor * divisor
    upper = lower + divisor
    return f"{lower} or {upper}" if lower else f"{upper}"
