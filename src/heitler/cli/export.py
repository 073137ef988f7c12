"""`heitler export`: a shower file in a format that other tools read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """What to write."""

    CALOCHALLENGE = "calochallenge"
    SHOWERDATA = "showerdata"


def export(
    file: Annotated[Path, typer.Argument(help="A shower file of this project.")],
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    to: Annotated[
        Format,
        typer.Option(
            help="calochallenge: HDF5 of voxels in MeV, layer by layer. "
            "showerdata: point clouds for the package of that name."
        ),
    ],
    overwrite: Annotated[bool, typer.Option(help="Replace the target if it exists.")] = False,
) -> None:
    """Write showers in CaloChallenge's or showerdata's format, piece by piece.

    Example: heitler export showers.h5 showers.hdf5 --to calochallenge
    """
    from heitler.data.calochallenge import export_calochallenge
    from heitler.data.checks import DataError, check_datasets, open_hdf5, require_dataset
    from heitler.data.point_clouds import export_showerdata

    remedy = "Give a file that heitler generate or the pipeline wrote."
    if target.exists() and not overwrite:
        raise DataError(f"{target}: exists. Add --overwrite, or give another target.")
    with open_hdf5(file, remedy) as opened:
        require_dataset(opened, file, "ECAL", remedy)
        check_datasets(opened, file, opened["ECAL"].shape[1:], remedy)
    write = export_calochallenge if to is Format.CALOCHALLENGE else export_showerdata
    print(f"{write(file, target)} showers: {target}")
