"""The sections about data: detector, simulate, prepare."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import (
    STRICT,
    ConfigError,
    Fraction,
    NonNegativeInt,
    Positive,
    PositiveInt,
)


@dataclass(frozen=True, config=STRICT, kw_only=True)
class AbsorberSection:
    """Consecutive calorimeter layers of equal absorber thickness."""

    layers: PositiveInt
    absorber_thickness_mm: Positive


@dataclass(frozen=True, config=STRICT, kw_only=True)
class DetectorConfig:
    """A sampling calorimeter: square cells, layers of absorber, sensor and gap."""

    name: str
    """For people: shown in tables and figures."""
    sections: tuple[AbsorberSection, ...]
    """Front to back."""
    absorber_material: str
    """NIST name known to Geant4, such as G4_W."""
    sensitive_material: str
    """NIST name known to Geant4, such as G4_Si."""
    sensitive_thickness_mm: Positive
    """Thickness of the layer whose deposits are the cells' energies."""
    gap_mm: Positive
    """From the back of one absorber to the front of the next; holds the sensor."""
    cell_size_mm: Positive
    """Side of a square cell."""
    cells_simulated: PositiveInt
    """Transverse cells per side in Geant4."""
    cells_kept: PositiveInt
    """Central transverse cells per side kept in the image."""

    def __post_init__(self) -> None:
        if not self.sections:
            raise ConfigError("detector.sections is empty. Give at least one absorber section.")
        if self.cells_kept > self.cells_simulated:
            raise ConfigError(
                f"detector.cells_kept is {self.cells_kept}, more than the "
                f"{self.cells_simulated} of detector.cells_simulated. Keep at most as many."
            )
        if (self.cells_simulated - self.cells_kept) % 2:
            raise ConfigError(
                f"detector.cells_simulated - detector.cells_kept is "
                f"{self.cells_simulated - self.cells_kept}, an odd number: the kept cells "
                "cannot be central. Make both odd or both even."
            )
        if self.gap_mm < self.sensitive_thickness_mm:
            raise ConfigError(
                f"detector.gap_mm is {self.gap_mm}, less than the sensor in it "
                f"({self.sensitive_thickness_mm} mm). Raise gap_mm."
            )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class SimulateConfig:
    """Which showers to simulate with Geant4, or where to import them from."""

    import_from: str | None
    """Path, folder or URL of HDF5 files: docs/own-data.md; null simulates."""
    import_unit: Literal["eV", "keV", "MeV", "GeV", "TeV"] | None
    """Unit of cells and primary energies, whatever the files say; null: theirs or the usual one."""
    import_scale: Positive | None
    """What cells are divided by; null: 50 or 1 for CERN's variable-angle files, as their numbers
    tell, else 1."""
    import_particle: Literal["e-", "e+", "gamma"] | None
    """The one to take from files that mix several; null: files with one only."""
    particle: Literal["e-", "e+", "gamma"]
    """The primary: electron, positron or photon."""
    showers: PositiveInt
    """How many; when importing, at most as many."""
    showers_per_shard: PositiveInt
    """Per file; raising `showers` simulates only the new files."""
    energy_min_GeV: Positive
    """Lowest primary energy."""
    energy_max_GeV: Positive
    """Highest primary energy."""
    energy_spectrum: Literal["uniform", "log-uniform"]
    """How primary energies are spread in between."""
    theta_min_deg: Annotated[float, Field(strict=True, gt=0, lt=180)]
    """Angle between the particle and the calorimeter's face; 90 is perpendicular."""
    theta_max_deg: Annotated[float, Field(strict=True, gt=0, lt=180)]
    """The largest such angle; equal to the smallest, all showers have it."""
    cut_mm: Positive
    """Geant4 production cut."""
    seed: NonNegativeInt
    """Decides Geant4's random numbers and the primaries' energies."""
    processes: NonNegativeInt
    """Geant4 processes at once; 0 is one per core."""

    def __post_init__(self) -> None:
        for low, high in (("energy_min_GeV", "energy_max_GeV"), ("theta_min_deg", "theta_max_deg")):
            if getattr(self, low) > getattr(self, high):
                raise ConfigError(
                    f"simulate.{low} is {getattr(self, low)}, above simulate.{high} "
                    f"({getattr(self, high)}). Swap them."
                )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class PrepareConfig:
    """From raw showers to training, validation and test sets."""

    cell_threshold_GeV: Annotated[float, Field(strict=True, ge=0)]
    """Cells below are set to 0."""
    validation_fraction: Fraction
    """Part of the showers that training is watched with."""
    test_fraction: Fraction
    """Part of the showers that only the final comparison sees."""
    seed: NonNegativeInt
    """Decides the split."""

    def __post_init__(self) -> None:
        if self.validation_fraction + self.test_fraction >= 1:
            raise ConfigError(
                f"prepare.validation_fraction ({self.validation_fraction}) and "
                f"prepare.test_fraction ({self.test_fraction}) leave nothing to train on. "
                "Let them add up to less than 1."
            )
