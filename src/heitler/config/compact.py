"""The section `compact`: a cheaper generator that imitates the trained one."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, NonNegativeInt, Positive, PositiveInt


@dataclass(frozen=True, config=STRICT, kw_only=True)
class CompactConfig:
    """How large the compact generator is, how long it learns, and how it is judged."""

    channels: PositiveInt
    """Features per block: more are more exact and slower."""
    block_cells: Annotated[int, Field(ge=2, strict=True)]
    """Cells along each side of the blocks that are made at once."""
    showers: PositiveInt
    """Showers of the full generator, seen once each while learning."""
    batch_size: PositiveInt
    """Showers per step."""
    learning_rate: Positive
    """Adam's at the start; falls to zero as a cosine."""
    seed: NonNegativeInt
    """Decides initial weights, noise and energies."""
    judged_showers: PositiveInt
    """Pairs of showers, compact and full from the same noise, by which it is judged."""
    calibration_showers: PositiveInt
    """Other pairs, from which the last correction of the energy scale is taken."""
    energy_bins: PositiveInt
    """Bins of primary energy in which the response is judged and corrected."""
    response_pass: Positive
    """Largest |R_compact / R_full - 1| of a bin that passes."""
