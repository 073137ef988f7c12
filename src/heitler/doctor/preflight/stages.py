"""What the stages `simulate` and `train` need: all problems, in one message."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from heitler.base.errors import HeitlerError
from heitler.config import Config, DetectorConfig, SimulateConfig
from heitler.data.checks import DataError, check_datasets, check_seal, open_hdf5
from heitler.data.summary import DataSummary, SummaryError, load_summary
from heitler.doctor.preflight.machine import (
    CELLS,
    no_memory,
    no_ports,
    no_room,
    not_writable,
    showers_at_once,
    showers_disk_B,
    training_disk_B,
    training_memory_B,
)

REMAKE = "Make it again: dvc repro --force prepare"
SETS = ("train", "validation")


def training_problems(config: Config, prepared: Path, written: tuple[Path, ...]) -> list[str]:
    """Everything that would stop the training, or nothing.

    Args:
        prepared: the folder of the prepared showers.
        written: folders that the stage writes to; the first one gets the checkpoints.
    """
    try:
        summary = load_summary(prepared / "summary.json")
    except SummaryError as error:
        return [str(error), *_machine_problems(config, CELLS, written)]
    x, y, z = summary.image_shape
    return [
        *_data_problems(prepared, summary),
        *_parameter_problems(config, summary),
        *_machine_problems(config, x * y * z, written),
    ]


def _data_problems(prepared: Path, summary: DataSummary) -> Iterator[str]:
    for name in SETS:
        path = prepared / f"{name}.h5"
        try:
            with open_hdf5(path, REMAKE) as file:
                showers = check_datasets(file, path, summary.image_shape, REMAKE)
            check_seal(path, REMAKE)
        except DataError as error:
            yield str(error)
            continue
        if showers != summary.showers.get(name):
            yield (
                f"{path}: holds {showers} showers, but {prepared}/summary.json says "
                f"{summary.showers.get(name)}. {REMAKE}"
            )


def _parameter_problems(config: Config, summary: DataSummary) -> Iterator[str]:
    train, showers = config.train, summary.showers.get("train", 0)
    if train.global_batch_size > showers:
        yield (
            f"{config.where('train.global_batch_size')} is {train.global_batch_size}, but the "
            f"training set has only {showers} showers. Lower it, or raise simulate.showers."
        )
    cores = psutil.cpu_count() or 1
    if config.cluster.launcher == "local" and config.cluster.threads_per_worker > cores:
        yield (
            f"cluster.threads_per_worker is {config.cluster.threads_per_worker}, but this machine "
            f"has {cores} cores. Lower it, or 0 to divide them among the workers."
        )


def _machine_problems(config: Config, cells: int, written: tuple[Path, ...]) -> Iterator[str]:
    train, cluster = config.train, config.cluster
    yield from not_writable(written)
    yield from no_room(written[0], training_disk_B(train), "checkpoints and the record of the run")
    if cluster.launcher == "local":
        yield from no_memory(
            training_memory_B(train, cells),
            f"{train.workers} workers with {showers_at_once(train)} showers at once",
            f"Lower {config.where('train.global_batch_size')} or train.workers, or raise "
            f"{config.where('train.virtual_workers')}.",
        )
        yield from no_ports()


class PreflightError(HeitlerError):
    """A stage cannot succeed; nothing was started."""


def refuse(problems: Sequence[str], stage: str) -> None:
    """Raise PreflightError naming all problems, if there are any."""
    if problems:
        number = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise PreflightError("\n- ".join([f"{stage} is not started, for {number}:", *problems]))


def simulation_problems(
    detector: DetectorConfig, simulate: SimulateConfig, folders: tuple[Path, ...]
) -> list[str]:
    """Everything that would stop the simulation; the first folder gets the showers."""
    needed_B = showers_disk_B(detector, simulate)
    return [
        *not_writable(folders),
        *no_room(folders[0], needed_B, f"{simulate.showers} showers"),
    ]
