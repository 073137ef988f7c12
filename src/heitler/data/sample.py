"""What a folder of shards holds, in a few numbers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.data.hdf5 import iterate_showers, read_attributes
from heitler.showers import sampling_fraction


def describe_sample(shards: Sequence[Path]) -> dict[str, float | int | str | None]:
    """Count, energies, mean sampling fraction and CPU time of all showers, read in pieces."""
    energies: list[NDArray[np.float32]] = []
    fractions: list[NDArray[np.float64]] = []
    cpu_seconds: list[NDArray[np.float32]] = []
    for shard in shards:
        for showers in iterate_showers(shard):
            energies.append(showers.primary_energy_GeV)
            fractions.append(sampling_fraction(showers.cells_GeV, showers.primary_energy_GeV))
            cpu_seconds.append(showers.cpu_seconds)
    energy, fraction = np.concatenate(energies), np.concatenate(fractions)
    cpu = np.concatenate(cpu_seconds)
    timed = bool(np.isfinite(cpu).all())  # imported showers carry no times
    return {
        "label": str(read_attributes(shards[0])["label"]),
        "showers": len(energy),
        "primary_energy_mean_GeV": float(energy.mean()),
        "sampling_fraction_mean": float(fraction.mean()),
        "sampling_fraction_std": float(fraction.std()),
        "cpu_seconds_per_shower": float(cpu.mean()) if timed else None,
        "cpu_seconds_per_GeV": float(cpu.sum() / energy.sum()) if timed else None,
    }
