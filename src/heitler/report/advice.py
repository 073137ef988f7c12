"""What not to trust on the page, and how to do better."""

from dataclasses import dataclass

from heitler.config import OURS, Config
from heitler.report.inputs import ReportInputs
from heitler.report.verdict import Training, Verdict
from heitler.report.wording import percent

LONGER = 10
MORE_SHOWERS = 5


@dataclass(frozen=True)
class Advice:
    """A command and what to expect of it."""

    command: str
    expectation: str


def caveats(inputs: ReportInputs, verdict: Verdict) -> list[str]:
    """Limits of these very results."""
    found = inputs.ours.found
    points = []
    if not verdict.passes:
        points.append(
            "The generated showers are not fit for physics. The default parameters are chosen so "
            "that everything runs in minutes on two cores, not so that the training converges."
        )
    points.append(
        f"Only {found['showers_geant4']:,} test showers: even Geant4 against Geant4 differs by up "
        f"to {percent(found.get('response_max_deviation_floor'))} in an energy bin. Smaller "
        "differences say nothing."
    )
    if left_out := found["energy_bins_left_out"]:
        points.append(f"{left_out} energy bins hold fewer than two test showers and are left out.")
    points.append(
        "CPU times were taken while the showers were made, in batches for the network, and other "
        "work may have run beside; if Geant4 ran on another machine, their ratio means little."
    )
    return points + _simulation_caveats(str(inputs.summary["simulation"].get("label", "")))


def _simulation_caveats(label: str) -> list[str]:
    """What the simulation leaves out, by the label of the shower files."""
    points = []
    if label.startswith("Geant4"):
        points.append(
            "Geant4 follows electrons, positrons and photons only (no nuclear reactions), and the "
            "gaps between the layers are empty."
        )
    if "PENELOPE" in label:
        points.append(
            "Geant4's own cross-section tables were replaced by tables derived from the PENELOPE "
            "data base: good to a few percent for the photoelectric effect, without the "
            "fluorescence and Auger electrons of excited atoms."
        )
    return points


def longer_trainings(inputs: ReportInputs, config: Config, training: Training) -> list[Advice]:
    """Commands that should get closer, with the time that they take on this machine."""
    ours = f"recipes.{OURS}.train"
    epochs = LONGER * config.of_recipe(OURS).train.epochs
    per_epoch = training.seconds / training.epochs
    showers = MORE_SHOWERS * config.simulate.showers
    return [
        Advice(
            f"heitler train --set {ours}.epochs={epochs} && dvc repro",
            f"goes on from epoch {training.epochs} for {epochs - training.epochs} more, about "
            f"{_hours(per_epoch * (epochs - training.epochs))} at the speed seen here",
        ),
        Advice(
            f"dvc exp run -S simulate.showers={showers} -S {ours}.epochs={epochs}",
            f"{MORE_SHOWERS} times the showers, only the new ones simulated; training from the "
            f"start takes about {_hours(per_epoch * epochs * MORE_SHOWERS)}",
        ),
        Advice(
            f"dvc exp run -S {ours}.global_batch_size={_smaller_batch(config)}",
            "more and smaller cycles per epoch: early on, the number of updates matters most",
        ),
    ]


def _smaller_batch(config: Config) -> int:
    """Half the batch, as far as the batch-norm groups allow."""
    train = config.of_recipe(OURS).train
    groups = train.batch_norm_groups
    return max(train.global_batch_size // 2 // groups, 1) * groups


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.0f} minutes"
