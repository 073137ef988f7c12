"""Showers in any number, batch after batch into a file: the memory holds one batch."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.progress import progress_bar
from heitler.data.hdf5 import Showers, shower_writer
from heitler.generation.sampler import PERPENDICULAR_RAD, Sampler

Float = NDArray[np.floating]


def generate_showers(
    sampler: Sampler,
    primary_energy_GeV: Float,
    theta_rad: Float | None = None,
    *,
    seed: int,
    batch_size: int,
    event_id: NDArray[np.int64] | None = None,
) -> Iterator[Showers]:
    """Yield batches of showers at the given energies (N,) and angles (N,).

    `cpu_seconds` is the CPU time of the batch, all threads, over its showers: the same clock by
    which the simulation times Geant4. A full batch and one of the last one's size, which compile,
    are made beforehand and thrown away.
    """
    energy = np.asarray(primary_energy_GeV, np.float32)
    theta = np.full_like(energy, PERPENDICULAR_RAD) if theta_rad is None else theta_rad
    events = np.arange(len(energy)) if event_id is None else event_id
    for rows in (slice(batch_size), slice(len(energy) // batch_size * batch_size, None)):
        if len(energy[rows]):
            sampler.sample(energy[rows], theta[rows], seed=seed, batch_size=batch_size)
    started, start = time.process_time(), 0
    for cells in sampler.sample_batches(energy, theta, seed=seed, batch_size=batch_size):
        seconds = (time.process_time() - started) / len(cells)
        rows = slice(start, start + len(cells))
        yield Showers(
            cells,
            energy[rows],
            np.asarray(theta[rows], np.float32),
            events[rows],
            np.full(len(cells), seconds, np.float32),
            sampler.particle,
        )
        start += len(cells)
        started = time.process_time()


def write_generated(
    path: Path,
    sampler: Sampler,
    primary_energy_GeV: Float,
    theta_rad: Float | None = None,
    *,
    seed: int,
    batch_size: int,
    event_id: NDArray[np.int64] | None = None,
    show_progress: bool = True,
) -> NDArray[np.float32]:
    """Generate showers into an HDF5 file, which appears when it is complete.

    Returns:
        CPU seconds of every shower: (N,)
    """
    batches = generate_showers(
        sampler,
        primary_energy_GeV,
        theta_rad,
        seed=seed,
        batch_size=batch_size,
        event_id=event_id,
    )
    attributes: dict[str, Any] = {"made_by": "generator", "seed": seed}
    total = len(primary_energy_GeV)
    seconds = []
    with (
        shower_writer(path, sampler.image_shape, attributes) as append,
        progress_bar("generating", total, show=show_progress) as advance,
    ):
        for showers in batches:
            append(showers)
            seconds.append(showers.cpu_seconds)
            advance(len(showers))
    return np.concatenate(seconds)
