"""The one place where units and scale of a shower file are decided: said by the user, by the file's
attributes, or usual for its layout, and always checked against the numbers.

Every possible reading gives a fraction of the primary energy that the cells hold. One plausible
reading is taken and stated; with none, or two, the file is refused with all of them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.data.layouts import Layout

IN_GEV = {"eV": 1e-9, "keV": 1e-6, "MeV": 1e-3, "GeV": 1.0, "TeV": 1e3}
UNIT_ATTRIBUTES = ("unit", "units")
MOST_UNSAID_GEV = 1000.0
"""Above, numbers that nobody has said to be in GeV may be in MeV: beams of 1 TeV are rare."""
LEAST_UNSAID_MEV = 200.0
"""Below (median), numbers that nobody has said to be in MeV may be in GeV."""
CREDIBLE_GEV = (0.01, 1e5)
"""Median primary energies; a stated unit that leads elsewhere contradicts the numbers."""
USUAL_SCALES = (1.0, 50.0, 100.0, 1e3, 1e6, 1e-3)
"""CERN's, and those of units that differ between cells and energies."""
POSSIBLE = (1e-5, 3.0)
"""Deposited over primary energy where the user states the scale: more cannot be deposited."""


class UnitError(ValueError):
    """Units cannot be told; the message names the readings and the options, not the file."""


@dataclass(frozen=True)
class Stated:
    """What is said of units and scale, by the user or in the file; None where nothing is."""

    cells_unit: str | None = None
    energy_unit: str | None = None
    by: str = ""
    """Who says so: "attribute unit", "simulate.import_unit"."""
    scale: float | None = None
    """What cells are divided by."""
    unit_option: str = "--unit"
    scale_option: str = "--scale"


@dataclass(frozen=True)
class Reading:
    """How the numbers of a file become GeV."""

    cells_unit: str
    energy_unit: str
    scale: float
    fraction: float = float("nan")
    """Median of deposited over primary energy in this reading."""

    @property
    def cells_GeV(self) -> float:
        """What cells are multiplied by."""
        return IN_GEV[self.cells_unit] / self.scale

    @property
    def energy_GeV(self) -> float:
        """What primary energies are multiplied by."""
        return IN_GEV[self.energy_unit]

    def __str__(self) -> str:
        units = f"cells in {self.cells_unit}, primary energies in {self.energy_unit}"
        if self.cells_unit == self.energy_unit:
            units = f"all in {self.energy_unit}"
        divided = f", cells divided by {self.scale:g}" if self.scale != 1 else ""
        return f"{units}{divided}"


def decide_reading(
    raw_fraction: float, raw_energies: NDArray[np.float64], layout: Layout, stated: Stated
) -> Reading:
    """How to read a file.

    Args:
        raw_fraction: median of the cells' sum over the primary energy, both as in the file.
        raw_energies: (N,) primary energies as in the file, finite and positive.

    Raises:
        UnitError: if no reading is plausible, or more than one.
    """
    readings = [
        Reading(cells, energy, scale, raw_fraction * IN_GEV[cells] / IN_GEV[energy] / scale)
        for energy in _choices(stated.energy_unit, stated.cells_unit, layout.unit)
        for cells in _choices(stated.cells_unit, stated.energy_unit, layout.unit)
        for scale in ([stated.scale] if stated.scale else layout.scales)
    ]
    low, high = POSSIBLE if stated.scale else layout.plausible
    plausible = [reading for reading in readings if low <= reading.fraction <= high]
    if len(plausible) != 1:
        what = "may be read in several ways" if plausible else "cannot be read in a likely way"
        hint = "" if plausible else _hint(readings[0], low, high)
        raise UnitError(
            f"datasets {layout.cells} and {layout.energy.dataset} {what}: "
            f"{_fractions(plausible or readings)}. Likely is {low:g} to {high:g}. State what is "
            f"right: {stated.unit_option} (eV, keV, MeV, GeV or TeV, of both), "
            f"{stated.scale_option} (what cells are to be divided by{hint})."
        )
    _check_energies(plausible[0], raw_energies, layout, stated)
    return plausible[0]


def decide_energy_unit(
    raw_energies: NDArray[np.float64], dataset: str, usual: str, stated: Stated
) -> str:
    """The unit of primary energies that come without cells; errors as in `decide_reading`."""
    unit = stated.energy_unit or usual
    _check_range(unit, raw_energies, dataset, usual, stated)
    return unit


def find_unit(attributes: Any) -> str | None:
    """The unit that attributes of a dataset or file name, or None.

    Raises:
        UnitError: for one that is no unit of energy.
    """
    for name in UNIT_ATTRIBUTES:
        if name in attributes:
            value = attributes[name]
            text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
            return as_unit(text.split(",")[-1], f"attribute {name}")
    return None


def as_unit(text: str, where: str) -> str:
    """A unit of energy in its usual spelling: mev -> MeV."""
    word = text.strip().strip("[]()")
    for unit in IN_GEV:
        if word.lower() == unit.lower():
            return unit
    raise UnitError(f"{where} is {text.strip()!r}, no unit of energy. Known: {', '.join(IN_GEV)}.")


def _choices(stated: str | None, others: str | None, usual: str) -> tuple[str, ...]:
    """Units that numbers may be in: as stated, or usual or as stated of what belongs to them."""
    if stated:
        return (stated,)
    return tuple(dict.fromkeys((usual, others or usual)))


def _fractions(readings: list[Reading]) -> str:
    return "; ".join(
        f"{reading}: the cells hold {reading.fraction:.3g} of the primary energy (median)"
        for reading in readings
    )


def _hint(reading: Reading, low: float, high: float) -> str:
    """Scales of another unit, or of CERN's files, that would do."""
    undivided, middle = reading.fraction * reading.scale, math.sqrt(low * high)
    scale = min(USUAL_SCALES, key=lambda scale: abs(math.log(undivided / scale / middle)))
    if not low <= undivided / scale <= high:
        return ""
    return f"; {scale:g} would give {undivided / scale:.3g}"


def _check_energies(
    reading: Reading, raw: NDArray[np.float64], layout: Layout, stated: Stated
) -> None:
    said = Stated(
        energy_unit=stated.energy_unit or (stated.cells_unit and reading.energy_unit),
        by=stated.by,
        unit_option=stated.unit_option,
    )
    _check_range(reading.energy_unit, raw, layout.energy.dataset, layout.unit, said)


def _check_range(
    unit: str, raw: NDArray[np.float64], dataset: str, usual: str, stated: Stated
) -> None:
    """Raise UnitError where the numbers doubt the unit: unsaid and odd, or said and incredible."""
    median = float(np.median(raw)) * IN_GEV[unit]
    low, high = CREDIBLE_GEV
    if stated.energy_unit:
        if stated.by.startswith("attribute") and not low <= median <= high:
            other = "GeV" if unit != "GeV" else "MeV"
            raise UnitError(
                f"dataset {dataset}: {stated.by} says {unit}, the numbers do not: "
                f"{_range(raw, unit)}; in {other}: {_range(raw, other)}. State what is right: "
                f"{stated.unit_option}."
            )
        return
    row = int(np.argmax(raw))
    if unit == "GeV" and raw[row] > MOST_UNSAID_GEV:
        raise UnitError(
            f"dataset {dataset}, row {row} is {raw[row]:g}, and nothing says in what: in GeV, "
            f"usual for this layout, all are {_range(raw, 'GeV')}; in MeV {_range(raw, 'MeV')}. "
            f"State what is right: {stated.unit_option}; leave a wrong shower out in a copy."
        )
    if unit == "MeV" and np.median(raw) < LEAST_UNSAID_MEV:
        raise UnitError(
            f"dataset {dataset} is {float(np.median(raw)):g} (median), and nothing says in what: "
            f"in MeV, usual for this layout, all are {_range(raw, 'MeV')}; in GeV "
            f"{_range(raw, 'GeV')}. State what is right: {stated.unit_option}."
        )


def _range(raw: NDArray[np.float64], unit: str) -> str:
    low, high = raw.min() * IN_GEV[unit], raw.max() * IN_GEV[unit]
    return f"{low:.3g} to {high:.3g} GeV"
