"""What the stage `train` needs."""

from collections.abc import Iterator
from pathlib import Path

import psutil

from heitler.config import Config
from heitler.data.checks import DataError, check_datasets, check_seal, open_hdf5
from heitler.data.summary import DataSummary, SummaryError, load_summary
from heitler.preflight.machine import MIB, no_memory, no_ports, no_room, not_writable

REMAKE = "Make it again: dvc repro --force prepare"
SETS = ("train", "validation")
CHECKPOINT_B = 40 * MIB
"""Twice that of the largest networks here, with optimisers and averaged weights."""
RECORD_B = 100 * MIB
"""MLflow's run and the exported generator."""
WORKER_B = 1500 * MIB
"""A worker with TensorFlow, MLflow, the networks and a batch of two; 1,511 MiB at its peak in a
training of the networks of 25 x 25 x 25 cells."""
SHOWER_B = 20 * MIB
"""More for each further shower of a worker's batch, at 15,625 cells; 2,087 MiB with 32 showers."""
CELLS = 25 * 25 * 25


def training_problems(config: Config, prepared: Path, written: tuple[Path, ...]) -> list[str]:
    """Everything that would stop the training, or nothing.

    Args:
        prepared: the folder of the prepared showers.
        written: folders that the stage writes to; the first one gets the checkpoints.
    """
    try:
        summary = load_summary(prepared / "summary.json")
    except (SummaryError, ValueError, KeyError) as error:
        known = isinstance(error, SummaryError)
        return [
            str(error) if known else f"{prepared}/summary.json: is damaged ({error}). {REMAKE}",
            *_machine_problems(config, CELLS, written),
        ]
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
            f"train.global_batch_size is {train.global_batch_size}, but the training set has only "
            f"{showers} showers. Lower it, or raise simulate.showers."
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
    kept_B = (train.keep_checkpoints + 3) * CHECKPOINT_B + RECORD_B
    yield from no_room(written[0], kept_B, "checkpoints and the record of the run")
    if cluster.launcher == "local":
        batch = train.global_batch_size // train.batch_norm_groups
        worker_B = WORKER_B + batch * SHOWER_B * cells / CELLS
        yield from no_memory(
            train.workers * worker_B,
            f"{train.workers} workers with {batch} showers at once",
            "Lower train.global_batch_size or train.workers, or raise train.virtual_workers.",
        )
        yield from no_ports()
