"""What `prepare` decides and finds out, as later stages need it.

Every event draws its set, train, validation or test, from a hash of the seed and its event id
alone. So a shower stays in its set when others are added or removed: a model is never tested on
what an earlier, smaller data set trained it on. Sizes fluctuate like a binomial around the
fractions asked for.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from heitler.base.errors import HeitlerError
from heitler.base.hdf5_opening import open_for_reading
from heitler.config import PrepareConfig
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


AT_ONCE = 256


def mean_shower(path: Path) -> NDArray[np.float64]:
    """Mean of cells over primary energy: (X, Y, Z), no unit; its sum is the sampling fraction."""
    with open_for_reading(path) as file:
        cells, energy = file["ECAL"], file["energy"][:]
        total = np.zeros(cells.shape[1:], np.float64)
        for start in range(0, len(energy), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            total += np.tensordot(1 / energy[rows].astype(np.float64), cells[rows], axes=1)
    return total / len(energy)


SETS = ("train", "validation", "test")


def assign_sets(event_ids: Iterable[int], prepare: PrepareConfig) -> NDArray[np.str_]:
    """The set of every event, one of `SETS`: (N,) -> (N,)."""
    place = np.array([_place(int(event_id), prepare.seed) for event_id in event_ids])
    test_until = prepare.test_fraction
    validation_until = test_until + prepare.validation_fraction
    return np.where(
        place < test_until, "test", np.where(place < validation_until, "validation", "train")
    )


def _place(event_id: int, seed: int) -> float:
    """Uniform in [0, 1), a pure function of its arguments."""
    drawn = hashlib.sha256(f"{seed}:{event_id}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64
