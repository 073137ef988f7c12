"""`heitler export`: a shower file in a format that other tools read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from heitler.cli.reading import Particle, Scale, ShapeOption, Unit, wishes_for


class Format(StrEnum):
    """What to write."""

    CALOCHALLENGE = "calochallenge"
    SHOWERDATA = "showerdata"


def export(
    file: Annotated[Path, typer.Argument(help="A shower file.")],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    to: Annotated[
        Format,
        typer.Option(
            help="calochallenge: HDF5 of voxels in MeV, layer by layer. "
            "showerdata: point clouds for the package of that name."
        ),
    ],
    overwrite: Annotated[bool, typer.Option(help="Replace the target if it exists.")] = False,
    shape: ShapeOption = None,
    unit: Unit = None,
    scale: Scale = None,
    particle: Particle = None,
) -> None:
    """Write showers in CaloChallenge's or showerdata's format, piece by piece.

    Reads this project's files, CERN's calorimeter images and CaloChallenge's HDF5
    (docs/own-data.md), and says how.

    Example: heitler export showers.h5 showers.hdf5 --to calochallenge
    """
    from heitler.data.any_format import inspect_showers
    from heitler.data.checks import DataError
    from heitler.data.export_formats import export_calochallenge, export_showerdata

    if target.exists() and not overwrite:
        raise DataError(f"{target}: exists. Add --overwrite, or give another target.")
    source = inspect_showers(file, wishes_for("", shape, unit, scale, particle))
    for note in source.notes:
        print(f"Note: {note}")
    if to is Format.CALOCHALLENGE:
        written = export_calochallenge(source.read(), target)
    else:
        written = export_showerdata(source.read, target)
    print(f"{written} showers: {target}")
