"""Shower files of any layout that we know: one reader for import, comparison, export, energies.

`inspect_showers` looks at a whole file but its cells, decides units, scale and particle, and says
how; `ShowerFile.read` gives its showers, checked, some at a time.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.base.hdf5_opening import hdf5_cause
from heitler.data.checks import (
    HDF5_ERRORS,
    DataError,
    Rows,
    check_seal,
    check_showers,
    check_units,
    damage_reported,
    open_hdf5,
)
from heitler.data.hdf5 import Showers, read_attributes
from heitler.data.layouts import Layout, Shape, find_layout, find_shape, read_column, to_images
from heitler.data.observables import Observables, join, measure
from heitler.data.particles import ASSUMED, choose_rows, read_angles, read_codes
from heitler.data.units import POSSIBLE, Reading, Stated, UnitError, decide_reading, find_unit
from heitler.showers import apply_threshold

AT_ONCE = 512
PROBED = 128
"""Showers that are not empty, by which units and scale are decided."""
ENOUGH_FOR_UNITS = 16
"""Showers whose median is taken for that of the file."""
REMEDY = "Compare size and checksum with where the file came from. It is left as it is."


@dataclass(frozen=True)
class Wishes:
    """What the user says of a file, which it may not say itself; None where nothing."""

    unit: str | None = None
    """Unit of cells and energies, whatever the file says."""
    scale: float | None = None
    """What cells are divided by."""
    for_all: bool = False
    """Whether unit and scale are said of several files: those that say theirs keep them."""
    particle: str | None = None
    """The one to take, of several."""
    shape: Shape | None = None
    """X, Y, Z of showers whose cells lie in a row."""
    assumed_particle: str = ASSUMED
    """Where the file has no particle codes."""
    theta_rad: float | None = None
    """Where a file has no angles, and not all of its kind are perpendicular."""
    options: tuple[str, str, str] = ("--unit", "--scale", "--particle")
    """What the user calls unit, scale and particle."""


@dataclass(frozen=True)
class ShowerFile:
    """A file whose layout, units, scale, particle and angles are known."""

    path: Path
    layout: Layout
    shape: Shape
    reading: Reading
    particle: str
    rows: NDArray[np.int64]
    """(N,) the showers that are taken"""
    energy_GeV: NDArray[np.float64]
    """(N,)"""
    theta_rad: NDArray[np.float64]
    """(N,)"""
    plausible: tuple[float, float]
    """What the cells may hold of the primary energy."""
    notes: list[str] = field(default_factory=list)
    """How the file is read, in sentences."""

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, count: int) -> "ShowerFile":
        """The same with at most so many showers."""
        return dataclasses.replace(
            self,
            rows=self.rows[:count],
            energy_GeV=self.energy_GeV[:count],
            theta_rad=self.theta_rad[:count],
        )

    def read(self, at_once: int = AT_ONCE) -> Iterator[Showers]:
        """Checked showers, some at a time; event ids count from 0, CPU times are unknown.

        Raises:
            DataError: for the first value that no shower can have; where none is wrong but the
                checksum of a file of this project is, for that.
        """
        with open_hdf5(self.path, REMEDY) as file:
            for first in range(0, len(self), at_once):
                chosen = slice(first, min(first + at_once, len(self)))
                showers = self._showers(file, chosen)
                where = Rows(
                    self.path, 0, self.layout.energy.dataset, "theta", "",
                    self.layout.cells, self.rows[chosen],
                )  # fmt: skip
                check_showers(showers, where)
                if len(showers) >= ENOUGH_FOR_UNITS:
                    check_units(showers, where, self.plausible)
                yield showers
        check_seal(self.path, REMEDY)

    def _showers(self, file: h5py.File, chosen: slice) -> Showers:
        rows = self.rows[chosen]
        cells = read_cells(file, self.path, self.layout, rows) * np.float32(self.reading.cells_GeV)
        return Showers(
            cells_GeV=to_images(cells, self.layout, self.shape),
            primary_energy_GeV=self.energy_GeV[chosen].astype(np.float32),
            theta_rad=self.theta_rad[chosen].astype(np.float32),
            event_id=np.arange(chosen.start, chosen.stop, dtype=np.int64),
            cpu_seconds=np.full(len(rows), np.nan, np.float32),
            particle=self.particle,
        )


def inspect_showers(path: Path, wishes: Wishes = Wishes()) -> ShowerFile:
    """Decide how a file is to be read.

    Raises:
        DataError: for a missing, damaged or unknown file; for units, a scale or a particle that
            are not clear, with the readings that there are and the option that chooses.
    """
    with open_hdf5(path, REMEDY) as file, damage_reported(path, REMEDY):
        layout = find_layout(file, path)
        shape = find_shape(file, path, layout, wishes.shape)
        total = int(file[layout.cells].shape[0])
        raw_energy = read_column(file, path, layout.energy, total)
        _check_raw_energies(file, path, layout, raw_energy)
        codes = read_codes(file, path, layout, total)
        rows, particle, notes = choose_rows(
            path, codes, total, wanted=wishes.particle, assumed=wishes.assumed_particle,
            option=wishes.options[2],
        )  # fmt: skip
        theta, angle_notes = read_angles(file, path, layout, total, wishes.theta_rad)
        try:
            stated = _stated(file, layout, wishes)
            raw_fraction = _raw_fraction(file, path, layout, rows, raw_energy)
            reading = decide_reading(raw_fraction, raw_energy, layout, stated)
        except UnitError as error:
            raise DataError(f"{path}: {error}") from None
    energy_GeV = raw_energy[rows] * reading.energy_GeV
    plausible = POSSIBLE if stated.scale else layout.plausible
    first = _first_note(path, layout, reading, stated, len(rows), particle, energy_GeV)
    return ShowerFile(
        path, layout, shape, reading, particle, rows, energy_GeV, theta[rows], plausible,
        [first, *notes, *angle_notes],
    )  # fmt: skip


def iterate_any(path: Path, wishes: Wishes = Wishes()) -> Iterator[Showers]:
    """Showers of a file, some at a time; errors of `inspect_showers` and of `ShowerFile.read`."""
    yield from inspect_showers(path, wishes).read()


def measure_file(source: ShowerFile, threshold_GeV: float) -> Observables:
    """Observables of a file, read in pieces; cells below the threshold count as 0."""
    return join(
        measure(dataclasses.replace(part, cells_GeV=apply_threshold(part.cells_GeV, threshold_GeV)))
        for part in source.read()
    )


def known_cell_size_mm(path: Path) -> float | None:
    """From the detector that this project's files describe; None for others."""
    geometry = read_attributes(path).get("geometry")
    return float(geometry["cell_size_mm"]) if isinstance(geometry, dict) else None


def read_cells(
    file: h5py.File, path: Path, layout: Layout, rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The cells' dataset at some rows, in increasing order, as in the file: (N, ...)."""
    first, last = int(rows[0]), int(rows[-1])
    try:
        block = file[layout.cells][first : last + 1]
    except HDF5_ERRORS as error:
        place = f"{path}: dataset {layout.cells}, rows {first} to {last}"
        raise DataError(hdf5_cause(error, path).sentence(place, REMEDY)) from None
    return np.asarray(block, np.float32)[rows - first]


def _raw_fraction(
    file: h5py.File,
    path: Path,
    layout: Layout,
    rows: NDArray[np.int64],
    raw_energy: NDArray[np.float64],
) -> float:
    """Median of the cells' sum over the primary energy, of the first showers that are not empty."""
    found: list[float] = []
    for first in range(0, len(rows), PROBED):
        some = rows[first : first + PROBED]
        cells = read_cells(file, path, layout, some).reshape(len(some), -1)
        fraction = cells.sum(axis=1, dtype=np.float64) / raw_energy[some]
        found += fraction[np.isfinite(fraction) & (fraction > 0)].tolist()
        if found:
            return float(np.median(found))
    raise DataError(
        f"{path}: dataset {layout.cells}: all {len(rows)} showers are empty or no numbers. Look "
        "at the program that wrote them."
    )


def _check_raw_energies(
    file: h5py.File, path: Path, layout: Layout, raw: NDArray[np.float64]
) -> None:
    wrong = ~(np.isfinite(raw) & (raw > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        what = "not positive" if np.isfinite(raw[row]) else "not a number"
        raise DataError(
            f"{path}: dataset {layout.energy.dataset}, row {row} is {what}: {raw[row]:g}. Leave "
            "such a shower out in a copy of the file."
        )
    for column in layout.same_energy:
        if column.dataset in set(file):
            same = read_column(file, path, column, len(raw))
            other = ~np.isclose(same, raw, rtol=1e-4)
            if other.any():
                row = int(np.argmax(other))
                raise DataError(
                    f"{path}: dataset {layout.energy.dataset}, row {row} has another primary "
                    f"energy ({raw[row]:g}) than dataset {column.dataset} ({same[row]:g}). Leave "
                    "the wrong one out in a copy of the file."
                )


def _stated(file: h5py.File, layout: Layout, wishes: Wishes) -> Stated:
    """What is said of units: by the user, or else by attributes."""
    options = {"unit_option": wishes.options[0], "scale_option": wishes.options[1]}
    if wishes.unit and not wishes.for_all:
        return Stated(wishes.unit, wishes.unit, wishes.options[0], wishes.scale, **options)
    whole = find_unit(file.attrs)
    cells = find_unit(file[layout.cells].attrs) or whole
    energy = find_unit(file[layout.energy.dataset].attrs) or whole
    if (cells or energy) and wishes.for_all:
        return Stated(cells, energy, "attribute unit", None, **options)
    if wishes.unit:
        return Stated(wishes.unit, wishes.unit, wishes.options[0], wishes.scale, **options)
    return Stated(cells, energy, "attribute unit", wishes.scale, **options)


def _first_note(
    path: Path,
    layout: Layout,
    reading: Reading,
    stated: Stated,
    count: int,
    particle: str,
    energy_GeV: NDArray[np.float64],
) -> str:
    by = stated.by if stated.cells_unit or stated.energy_unit else "usual for this layout"
    scale = ""
    if stated.scale or len(layout.scales) > 1:
        how = stated.scale_option if stated.scale else "told by the numbers"
        divided = f"divided by {reading.scale:g}" if reading.scale != 1 else "as they are"
        undivided = reading.fraction * reading.scale
        scale = f"; cells {divided} ({how}; undivided they would hold {undivided:.3g})"
    units = dataclasses.replace(reading, scale=1.0)
    return (
        f"{path}: {count} showers of {particle}, {layout.name}; {units} ({by}){scale}. Primary "
        f"energies {energy_GeV.min():.3g} to {energy_GeV.max():.3g} GeV, of which the cells hold "
        f"{reading.fraction:.3g}. If that is wrong: {stated.unit_option}, {stated.scale_option}."
    )
