"""`heitler generate`: any number of showers from a trained generator into an HDF5 file."""

import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from heitler.config import OURS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from heitler.generation.sampler import Sampler


class Spectrum(StrEnum):
    """How sampled energies are distributed."""

    UNIFORM = "uniform"
    LOG_UNIFORM = "log-uniform"


class BackendName(StrEnum):
    """What runs the network."""

    AUTO = "auto"
    COMPILED = "compiled"
    TENSORFLOW = "tensorflow"
    ONNXRUNTIME = "onnxruntime"


TRAINED = Path("data/training") / OURS / "generator"
REFERENCE = Path("reports/reference/generator")
WHICH, MODEL = "Which showers", "Which generator, and how it runs"


def generate(
    count: Annotated[
        int | None,
        typer.Option(min=1, help="Number of showers, at random energies.", rich_help_panel=WHICH),
    ] = None,
    energies: Annotated[
        Path | None,
        typer.Option(
            help="One shower per energy in this file: text with one number in GeV per line, a "
            "table with a column energy, or HDF5 with energy, target or incident_energies.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="Which column of --energies, by name or number from 1, or which dataset.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            help="eV, keV, MeV, GeV or TeV: of --energies, whatever the file says.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    energy_min: Annotated[
        float | None,
        typer.Option(
            help="GeV, for --count. Default: the lowest that the generator was trained on.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    energy_max: Annotated[
        float | None,
        typer.Option(
            help="GeV, for --count. Default: the highest that it was trained on.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    spectrum: Annotated[
        Spectrum, typer.Option(help="Of the energies, for --count.", rich_help_panel=WHICH)
    ] = Spectrum.UNIFORM,
    theta: Annotated[
        float,
        typer.Option(
            help="Angle between particle and calorimeter face in degrees; 90 is perpendicular.",
            rich_help_panel=WHICH,
        ),
    ] = 90.0,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            help="Same seed and energies: same showers, whatever the batch size.",
            rich_help_panel=WHICH,
        ),
    ] = 1,
    output: Annotated[Path, typer.Option(help="HDF5 file to write.")] = Path("showers.h5"),
    overwrite: Annotated[bool, typer.Option(help="Replace the output if it exists.")] = False,
    generator: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a trained generator. Default: ours that was trained here, "
            "data/training/heitler/generator (the published recipe's: data/training/paper/"
            "generator); before any training the reference model, reports/reference/generator.",
            rich_help_panel=MODEL,
        ),
    ] = None,
    backend: Annotated[
        BackendName,
        typer.Option(help="What runs the network; auto is the fastest.", rich_help_panel=MODEL),
    ] = BackendName.AUTO,
    batch_size: Annotated[
        int,
        typer.Option(min=1, help="Showers in memory at once.", rich_help_panel=MODEL),
    ] = 128,
) -> None:
    """Generate showers with a trained network and write them to an HDF5 file.

    The file has the layout of the simulated ones (cells ECAL in GeV, energy, theta, event_id).
    It is written batch by batch, so any number of showers fits in memory.

    Examples:

    heitler generate --count 10000

    heitler generate --count 500 --energy-min 20 --energy-max 50 --output low.h5

    heitler generate --energies energies.csv --seed 7
    """
    if (count is None) == (energies is None):
        raise typer.BadParameter("Give either --count N or --energies FILE.")
    if energies is None and (column or unit):
        raise typer.BadParameter("--column and --unit go with --energies.")
    _check_numbers(energies, energy_min, energy_max, theta)
    # Imports are where they are used: TensorFlow takes seconds, --help and wrong files should not.
    from heitler.generation.energies import read_requested_energies_GeV, sample_energies_GeV
    from heitler.generation.errors import GenerationError
    from heitler.generation.start import import_tensorflow

    if output.exists() and not overwrite:
        raise GenerationError(f"{output}: exists. Add --overwrite, or give another --output.")
    requested = None
    if energies:
        requested, how = read_requested_energies_GeV(energies, column, unit)
        print(how)
    import_tensorflow()
    from heitler.generation.sampler import load_sampler

    sampler = load_sampler(generator or _default_generator(), backend)
    if requested is None:
        low, high = sampler.energy_range_GeV
        requested = sample_energies_GeV(
            count or 0,
            low if energy_min is None else energy_min,
            high if energy_max is None else energy_max,
            spectrum=_literal(spectrum),
            seed=seed,
        )
    _warn_outside_training(sampler, requested)
    _check_theta(sampler, theta)
    _write(output, sampler, requested, theta, seed, batch_size)


def _default_generator() -> Path:
    """What was trained here, or else the reference model that comes with the project."""
    if TRAINED.exists() or not REFERENCE.exists():
        return TRAINED
    print(f"Nothing is trained here yet: using the reference model in {REFERENCE}.")
    return REFERENCE


def _check_numbers(
    energies: Path | None, low: float | None, high: float | None, theta_deg: float
) -> None:
    """What can be refused before anything is loaded."""
    if energies and (low is not None or high is not None):
        raise typer.BadParameter("--energy-min and --energy-max go with --count.")
    for option, energy in (("--energy-min", low), ("--energy-max", high)):
        if energy is not None and not 0 < energy < math.inf:
            raise typer.BadParameter(f"{option} is {energy:g}. Give an energy above 0 GeV.")
    if not 0 < theta_deg < 180:
        raise typer.BadParameter(
            f"--theta is {theta_deg:g}. Give an angle between 0 and 180 degrees."
        )


def _write(
    output: Path,
    sampler: "Sampler",
    energies: "NDArray[np.float32]",
    theta_deg: float,
    seed: int,
    batch_size: int,
) -> None:
    import numpy as np

    from heitler.generation.errors import GenerationError
    from heitler.generation.generate import write_generated

    theta = np.full_like(energies, math.radians(theta_deg))
    try:
        seconds = write_generated(
            output, sampler, energies, theta, seed=seed, batch_size=batch_size
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise GenerationError(
            f"{output}: cannot be written ({reason}). Give an --output in a folder with room "
            "that you may write to."
        ) from None
    print(f"{len(seconds)} showers, {1e3 * seconds.mean():.2f} ms of CPU time each: {output}")


def _literal(spectrum: Spectrum) -> Literal["uniform", "log-uniform"]:
    return "uniform" if spectrum is Spectrum.UNIFORM else "log-uniform"


def _check_theta(sampler: "Sampler", theta_deg: float) -> None:
    from heitler.generation.errors import GenerationError

    if theta_deg != 90 and not sampler.design.has_theta:
        raise GenerationError(
            f"--theta is {theta_deg:g}, but {sampler.design.network} knows one angle only. "
            "Leave --theta away, or train model.network=3dgan-51-angle."
        )


def _warn_outside_training(sampler: "Sampler", energies: "NDArray[np.float32]") -> None:
    low, high = sampler.energy_range_GeV
    outside = int(((energies < low) | (energies > high)).sum())
    if outside:
        print(
            f"Warning: {outside} of {len(energies)} energies are outside the {low:g} to {high:g} "
            "GeV that the generator was trained on. Check those showers before you use them.",
            file=sys.stderr,
        )
