"""What `prepare` found out about the training showers, as later stages need it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from heitler.base.errors import HeitlerError
from heitler.config.types import NonNegativeInt, Positive, PositiveInt

FIT_UNIT_GEV = 100.0
"""The sampling fraction is fitted as a polynomial in primary energy over this unit."""


class SummaryError(HeitlerError):
    """There are no prepared showers, or what is said of them is damaged."""


@dataclass(frozen=True, config=ConfigDict(strict=True, allow_inf_nan=False))
class DataSummary:
    """The entries of `summary.json` that training and generation use."""

    image_shape: tuple[PositiveInt, PositiveInt, PositiveInt]
    showers: dict[str, NonNegativeInt]
    """Showers in each of train, validation, test."""
    energy_min_GeV: Positive
    energy_max_GeV: Positive
    sampling_fraction_fit: tuple[float, ...]
    """Polynomial coefficients, highest power first, fitted to the training showers."""
    digest: str
    """SHA-256 of the showers' content."""

    def expected_ecal_sum_GeV(self, energy_GeV: NDArray[np.floating]) -> NDArray[np.floating]:
        """Mean deposited energy at a primary energy; the published code does likewise."""
        fraction = np.polyval(self.sampling_fraction_fit, energy_GeV / FIT_UNIT_GEV)
        return np.asarray(energy_GeV * fraction)


def load_summary(path: Path) -> DataSummary:
    """Read `summary.json`, written by the prepare stage.

    Raises:
        SummaryError: if it is not there or not as that stage writes it.
    """
    if not path.is_file():
        raise SummaryError(f"{path}: not found. Prepare the showers first: dvc repro prepare")
    try:
        return TypeAdapter(DataSummary).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SummaryError(
            f"{path}: is damaged ({f'{place}: ' if place else ''}{first['msg']}). "
            "Make it again: dvc repro --force prepare"
        ) from None
