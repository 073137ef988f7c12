"""Energies from text and tables as people, spreadsheets and programs write them.

What is clear is read: a byte-order mark, any line ends, comments after #, a unit beside the number
or in the heading, an index beside the energies. What may be meant otherwise is refused with line
and column: a mistyped number, also in the first line; several columns, none of them called energy.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.config.yaml_text import looks_like_number, parse_decimal, suggestion
from heitler.data.units import IN_GEV
from heitler.generation.errors import GenerationError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks; UTF-32's begins as UTF-16's does."""
DELIMITERS = ("\t", ";", ",")
ENERGY_HEADING = re.compile(
    r"(primary|incident|true|beam|gen|kinetic)?[ _]?(energy|energies|e|ep)\b"
)
UNIT_IN_HEADING = re.compile(r"(?:^|[^A-Za-z])([kMGT]?eV)(?:$|[^A-Za-z])", re.IGNORECASE)
WITH_UNIT = re.compile(r"(\S+)\s+([kMGT]?eV)", re.IGNORECASE)


@dataclass(frozen=True)
class EnergyTable:
    """The energies of a table, as they stand there."""

    values: NDArray[np.float64]
    """(N,)"""
    places: list[str]
    """Line and column of each."""
    what: str
    """Which column."""
    unit: str | None
    """What heading or cells say."""
    commented_unit: str | None
    """What a comment names."""


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]


def read_energy_table(path: Path, wanted: str | None = None) -> EnergyTable:
    """The column of energies.

    Args:
        wanted: its name or number from 1, where there are several.

    Raises:
        GenerationError: with line and column of what is no number, or the columns to choose from.
    """
    lines = _lines(path)
    rows = list(_rows(lines))
    heading = rows[0].cells if rows and _is_heading(rows[0].cells) else []
    body = rows[1:] if heading else rows
    column = _choose(path, heading, body, wanted)
    name = heading[column].strip() if column < len(heading) else ""
    cells = [row.cells[column].strip() if column < len(row.cells) else "" for row in body]
    places = [f"line {row.line}, column {column + 1}" for row in body]
    parsed = [_parse(path, place, cell) for place, cell in zip(places, cells, strict=True)]
    unit = _one_unit(path, _unit_of(name), [unit for _, unit in parsed], places)
    what = f"column {column + 1}" + (f" ({name})" if name else "")
    comments = " ".join(line.partition("#")[2] for line in lines)
    values = np.array([value for value, _ in parsed], np.float64)
    return EnergyTable(values, places, what, unit, _unit_of(comments))


def _one_unit(
    path: Path, heading: str | None, units: list[str | None], places: list[str]
) -> str | None:
    """The unit of all energies.

    Raises:
        GenerationError: where lines have other units than the heading or the first line.
    """
    first = heading or (units[0] if units else None)
    for unit, place in zip(units, places, strict=True):
        if unit != first and not (heading and unit is None):
            raise GenerationError(
                f"{path}: {place} is in {unit or 'no unit'}, what stands before in "
                f"{first or 'none'}. Write all in one unit."
            )
    return first


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise GenerationError(
            f"{path}: is no text in {encoding.upper()} (byte {error.start}: {error.reason}). Save "
            "it as UTF-8, or give HDF5."
        ) from None
    if "\0" in text:
        raise GenerationError(f"{path}: is no text (it has zero bytes). Save it as UTF-8.")
    return re.split(r"\r\n|\n|\r", text)


def _rows(lines: list[str]) -> Iterator[_Row]:
    """Cells of the lines that have any, comments aside."""
    delimiter = next((mark for mark in DELIMITERS if any(mark in line for line in lines)), None)
    for number, line in enumerate(lines, start=1):
        content = line.partition("#")[0]
        if not content.strip():
            continue
        if delimiter:
            cells = next(csv.reader([content], delimiter=delimiter, skipinitialspace=True))
        elif WITH_UNIT.fullmatch(content.strip()):
            cells = [content.strip()]
        else:
            cells = re.sub(r"\s+(?=[\[(])", "", content).split()  # "E [GeV]" is one name
        while len(cells) > 1 and not cells[-1].strip():
            cells.pop()
        yield _Row(number, cells)


def _is_heading(cells: list[str]) -> bool:
    """Words only; an empty cell may stand above an index."""
    return any(cell.strip() for cell in cells) and not any(map(looks_like_number, cells))


def _choose(path: Path, heading: list[str], body: list[_Row], wanted: str | None) -> int:
    """Which column holds the energies."""
    if wanted is not None:
        return _named(path, heading, body, wanted)
    width = max((len(row.cells) for row in body), default=1)
    numeric = [column for column in range(width) if _has_numbers(body, column)]
    called = [c for c in numeric if c < len(heading) and _is_energy(heading[c])]
    if len(called) == 1 or len(numeric) <= 1:
        return (called or numeric or [0])[0]
    names = [heading[c].strip() if c < len(heading) else "" for c in numeric]
    told = ", ".join(
        f"{c + 1} ({n})" if n else f"{c + 1}" for c, n in zip(numeric, names, strict=True)
    )
    first = " | ".join(body[0].cells)
    raise GenerationError(
        f"{path}: several columns hold numbers: {told}; line {body[0].line} is {first}. "
        "Say which holds the energies: --column NAME or --column NUMBER."
    )


def _named(path: Path, heading: list[str], body: list[_Row], wanted: str) -> int:
    names = [name.strip() for name in heading]
    width = max((len(row.cells) for row in body), default=1)
    if names.count(wanted) == 1:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    known = ", ".join(name or f"number {place}" for place, name in enumerate(names, start=1))
    raise GenerationError(
        f"{path}: --column is {wanted!r}. There are: {known or f'numbers 1 to {width}'}."
    )


def _has_numbers(body: list[_Row], column: int) -> bool:
    return any(
        column < len(row.cells) and looks_like_number(row.cells[column].strip()) for row in body
    )


def _is_energy(name: str) -> bool:
    return bool(ENERGY_HEADING.match(re.sub(r"[^a-z]+", " ", name.lower()).strip()))


def _unit_of(heading: str) -> str | None:
    found = UNIT_IN_HEADING.search(heading)
    return _spelled(found[1]) if found else None


def _spelled(unit: str) -> str:
    return next(known for known in IN_GEV if known.lower() == unit.lower())


def _parse(path: Path, place: str, cell: str) -> tuple[float, str | None]:
    """A cell's number, and the unit that stands beside it."""
    with_unit = WITH_UNIT.fullmatch(cell)
    number = parse_decimal(with_unit[1] if with_unit else cell)
    if number is None:
        what = f"is {cell!r}, no number" if cell else "is empty"
        hint = "Use a point for the decimal mark. " if re.fullmatch(r"\d+,\d+", cell) else ""
        raise GenerationError(
            f"{path}: {place} {what}. {hint or suggestion(cell)}Write one energy in GeV per line, "
            "such as 10.5."
        )
    return number, _spelled(with_unit[2]) if with_unit else None
