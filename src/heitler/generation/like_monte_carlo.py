"""Generated showers at the energies and angles of Monte Carlo ones, timed as those are."""

import time
from collections.abc import Iterator

import numpy as np

from heitler.data.hdf5 import Showers
from heitler.generation.sampler import Sampler


def generate_like(
    monte_carlo: Showers, sampler: Sampler, *, seed: int, batch_size: int
) -> Iterator[Showers]:
    """Yield batches of generated showers with the events' own energies, angles and numbers.

    `cpu_seconds` is the CPU time of the batch, all threads, over its showers: the same clock by
    which the simulation times Geant4. The first call, which compiles, is not timed.
    """
    energy, theta = monte_carlo.primary_energy_GeV, monte_carlo.theta_rad
    sampler.sample(energy[:batch_size], theta[:batch_size], seed=seed, batch_size=batch_size)
    started, start = time.process_time(), 0
    for cells in sampler.sample_batches(energy, theta, seed=seed, batch_size=batch_size):
        seconds = (time.process_time() - started) / len(cells)
        rows = slice(start, start + len(cells))
        yield Showers(
            cells,
            energy[rows],
            theta[rows],
            monte_carlo.event_id[rows],
            np.full(len(cells), seconds, np.float32),
            monte_carlo.particle,
        )
        start += len(cells)
        started = time.process_time()
