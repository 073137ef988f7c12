"""Parametrised electromagnetic showers: statistics without the cost of Geant4."""

from collections.abc import Callable

import numpy as np
import pytest

from heitler.data.hdf5 import Showers

CELLS, LAYERS = 9, 12


def make_showers(n: int, seed: int) -> Showers:
    """Gamma-shaped along z, exponential across; wider along x than y, to tell the axes apart."""
    generator = np.random.default_rng(seed)
    energy = generator.uniform(10, 100, n)
    depth = np.arange(LAYERS) + 0.5  # (Z,)
    peak = 3 + 0.5 * np.log(energy / 10)  # (N,)
    longitudinal = (depth / peak[:, None]) ** 3 * np.exp(-3 * depth / peak[:, None])  # (N, Z)
    distance = np.abs(np.arange(CELLS) - CELLS // 2)
    across = np.exp(-distance / 1.5)[:, None] * np.exp(-distance / 0.7)[None, :]  # (X, Y)
    cells = longitudinal[:, None, None, :] * across[None, :, :, None]  # (N, X, Y, Z)
    cells *= generator.gamma(4.0, 0.25, cells.shape)
    fraction = 0.025 * generator.normal(1, 0.04, n)
    cells *= (energy * fraction / cells.sum(axis=(1, 2, 3)))[:, None, None, None]
    return Showers(
        cells_GeV=cells.astype(np.float32),
        primary_energy_GeV=energy.astype(np.float32),
        theta_rad=np.full(n, np.pi / 2, np.float32),
        event_id=np.arange(n),
        cpu_seconds=(0.01 * energy).astype(np.float32),
    )


@pytest.fixture(scope="session")
def showers() -> Callable[[int, int], Showers]:
    return make_showers
