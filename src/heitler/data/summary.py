"""What `prepare` found out about the training showers, as later stages need it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.errors import HeitlerError

FIT_UNIT_GEV = 100.0
"""The sampling fraction is fitted as a polynomial in primary energy over this unit."""


class SummaryError(HeitlerError):
    """There are no prepared showers."""


@dataclass(frozen=True)
class DataSummary:
    """The entries of `summary.json` that training and generation use."""

    image_shape: tuple[int, int, int]
    showers: dict[str, int]
    """Showers in each of train, validation, test."""
    energy_min_GeV: float
    energy_max_GeV: float
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
        SummaryError: if it is not there.
    """
    if not path.is_file():
        raise SummaryError(f"{path}: not found. Prepare the showers first: dvc repro prepare")
    raw = json.loads(path.read_text())
    x, y, z = raw["image_shape"]
    return DataSummary(
        image_shape=(x, y, z),
        showers=raw["showers"],
        energy_min_GeV=raw["energy_min_GeV"],
        energy_max_GeV=raw["energy_max_GeV"],
        sampling_fraction_fit=tuple(raw["sampling_fraction_fit"]),
        digest=raw["digest"],
    )
