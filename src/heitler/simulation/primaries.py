"""The particles that start the showers of one shard: energies, angles and random seeds.

Drawn from (seed, shard) alone, in independent streams, one value per shower: so a shard does not
depend on how many others there are, and a longer shard begins with the showers of a shorter one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.config import SimulateConfig

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Primaries:
    """Primary particles of one shard."""

    energy_GeV: Float
    """(N,)"""
    theta_rad: Float
    """(N,) angle to the calorimeter's face, pi/2 perpendicular"""
    event_id: NDArray[np.int64]
    """(N,) unique over all shards"""
    geant4_seeds: tuple[int, int]

    def __len__(self) -> int:
        return len(self.event_id)

    @property
    def direction(self) -> Float:
        """Unit vectors in the y-z plane, as in CERN's data, z into the calorimeter: (N, 3)."""
        theta = self.theta_rad
        return np.stack([np.zeros_like(theta), np.cos(theta), np.sin(theta)], axis=1)


def draw_primaries(simulate: SimulateConfig, shard: int, showers: int) -> Primaries:
    """The first `showers` primary particles of a shard."""
    energy_stream, theta_stream, geant4_stream = np.random.SeedSequence(
        [simulate.seed, shard]
    ).spawn(3)
    theta_deg = np.random.default_rng(theta_stream).uniform(
        simulate.theta_min_deg, simulate.theta_max_deg, showers
    )
    first, second = geant4_stream.generate_state(2) >> 1  # Geant4 wants them below 2^31
    return Primaries(
        energy_GeV=_draw_energies(simulate, np.random.default_rng(energy_stream), showers),
        theta_rad=np.deg2rad(theta_deg),
        event_id=shard * simulate.showers_per_shard + np.arange(showers, dtype=np.int64),
        geant4_seeds=(int(first), int(second)),
    )


def _draw_energies(simulate: SimulateConfig, generator: np.random.Generator, showers: int) -> Float:
    low, high = simulate.energy_min_GeV, simulate.energy_max_GeV
    if simulate.energy_spectrum == "uniform":
        return generator.uniform(low, high, showers)
    return np.exp(generator.uniform(np.log(low), np.log(high), showers))
