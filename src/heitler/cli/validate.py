"""`heitler validate`, `heitler export`: showers of any file judged, or written for others."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heitler.cli.reading import ROLES, Particle, Scale, ShapeOption, Unit, finite, wishes_for

if TYPE_CHECKING:
    from heitler.validation.score import Score

EXIT_FAIL = 3
WIDTH_OF_FILES = 140


def validate(
    generated: Annotated[Path, typer.Argument(help="Showers to judge.")],
    truth: Annotated[Path, typer.Argument(help="Showers to judge them by, such as Geant4's.")],
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Other true showers, best those that the generator was trained on: for the "
            "floor, and to see whether it repeats them. Default: half of TRUTH, for the floor.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for card.json, index.html and the figures.")
    ] = None,
    shape: ShapeOption = None,
    unit: Unit = None,
    scale: Scale = None,
    particle: Particle = None,
    threshold_MeV: Annotated[
        float,
        typer.Option(
            "--threshold-mev",
            min=0.0,
            callback=finite,
            help="Cells below count as 0, in both files.",
        ),
    ] = 1e-3,
    params: Annotated[
        Path, typer.Option(help="Parameter file; its section `validate` has the limits.")
    ] = Path("params.yaml"),
    full: Annotated[
        bool,
        typer.Option(
            help="Classifiers as CaloChallenge trains them (`validate.full_classifiers`), for "
            "results that are kept; takes long. Default: small ones (`validate.classifiers`).",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option(help=f"End with exit code {EXIT_FAIL} if a line fails.")
    ] = False,
) -> None:
    """Compare generated with true showers: every metric, its error, its floor, its verdict.

    Reads this project's files, CERN's calorimeter images (fixed and variable angle) and
    Reads this project's files, CERN's calorimeter images (fixed and variable angle) and
    CaloChallenge's HDF5 (docs/own-data.md), and says how it reads units, scale and particle.
    Exit code 0: compared. 1: an error. 3: with --strict, a line fails.

    Examples:

    heitler validate showers.h5 data/prepared/test.h5 --reference data/prepared/train.h5

    heitler validate mine.hdf5 dataset_2_2.hdf5 --shape 16,9,45 --output card

    heitler validate showers.h5 cern.h5 --scale truth=50 --particle truth=e-

    heitler validate showers.h5 geant4.h5 --full --output card
    """
    from heitler.config import load_config
    from heitler.data.any_format import inspect_showers
    from heitler.judge.files import judge_files
    from heitler.validation.files import compare_files

    paths = dict(zip(ROLES, (generated, truth, reference), strict=True))
    sources = [
        inspect_showers(path, wishes_for(role, shape, unit, scale, particle))
        for role, path in paths.items()
        if path is not None
    ]
    config = load_config(params).validate
    threshold_GeV = threshold_MeV / 1e3
    points = judge_files(
        sources[0],
        sources[1],
        threshold_GeV=threshold_GeV,
        config=config.full_classifiers if full else config.classifiers,
        seed=config.seed,
    )
    comparison = compare_files(sources, threshold_GeV=threshold_GeV, config=config, points=points)
    for note in comparison.notes:
        print(f"Note: {note}")
    _print_table(comparison.scores)
    if output:
        from heitler.report.card_page import write_card_folder

        write_card_folder(output, comparison)
        print(f"written: {output / 'index.html'}")
    if strict and any(score.verdict == "fail" for score in comparison.scores):
        raise typer.Exit(EXIT_FAIL)


def _print_table(scores: "list[Score]") -> None:
    from rich.console import Console
    from rich.table import Table

    from heitler.report.card_page import card_rows
    from heitler.validation.score import count_verdicts

    colours = {"pass": "green", "warn": "yellow", "fail": "bold red", "not applicable": "dim"}
    table = Table(
        "Quantity", "Value", "Unit", "Geant4 itself", "Passes within", "Showers", "Verdict"
    )
    rows = card_rows([score.as_json() for score in scores])
    for row in rows:
        verdict = f"[{colours[row.verdict]}]{row.verdict}[/]"
        table.add_row(
            row.title, row.value, row.unit, row.floor, row.threshold, row.showers, verdict
        )
    console = Console(width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
    console.print(table)
    for row in rows:
        if row.reason:
            console.print(f"{row.title}: not applicable. {row.reason}", highlight=False)
    console.print(
        f"{count_verdicts(scores)}; * statistics, not the limit, decides", highlight=False
    )


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
