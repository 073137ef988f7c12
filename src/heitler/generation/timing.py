"""What a shower costs: the generator's time beside Geant4's, by primary energy and batch size.

CPU seconds count all threads, so that they compare with Geant4's, which runs on one.
"""

import time

import numpy as np
from numpy.typing import NDArray

from heitler.generation.sampler import Sampler

Float = NDArray[np.floating]
Cost = dict[str, float]
ROUNDS = 5


def cost_by_energy(
    sampler: Sampler, primary_energy_GeV: Float, geant4_cpu_s: Float, *, bins: int, batch_size: int
) -> list[Cost]:
    """CPU seconds per shower in bins of primary energy, equally filled by Geant4's showers.

    Args:
        sampler: runs batches of `batch_size` showers at the energies of each bin, the bins in
            turn, so that other load on the machine meets all bins alike. Medians are given.
        primary_energy_GeV: (N,) of the Geant4 showers.
        geant4_cpu_s: (N,) that they took; NaN where it is not known.
        bins: at most; no more than there are showers.
        batch_size: showers generated at once.
    """
    order = np.argsort(primary_energy_GeV)
    groups = np.array_split(order, min(bins, len(order)))
    batches = [np.resize(primary_energy_GeV[group], batch_size) for group in groups]
    measured = [[_time(sampler, batch)["cpu_s"] for batch in batches] for _ in range(ROUNDS + 1)]
    generated = np.median(measured[1:], axis=0) / batch_size  # the first round compiles
    rows = []
    for group, seconds in zip(groups, generated, strict=True):
        row = {
            "energy_GeV": float(primary_energy_GeV[group].mean()),
            "generated_cpu_s": float(seconds),
        }
        rows.append(row | _geant4_cost(geant4_cpu_s[group]))
    return rows


def cost_by_batch_size(
    sampler: Sampler, energy_GeV: float, batch_sizes: tuple[int, ...]
) -> list[Cost]:
    """Wall and CPU milliseconds per shower, medians of several batches of every size."""
    rows = []
    for size in batch_sizes:
        batch = np.full(size, energy_GeV, np.float32)
        runs = [_time(sampler, batch) for _ in range(ROUNDS + 1)][1:]
        rows.append({"batch_size": size, **_ms_per_shower(runs, size)})
    return rows


def time_in_turns(samplers: dict[str, Sampler], batch_size: int) -> dict[str, Cost]:
    """Wall and CPU milliseconds per shower of several generators, medians of calls in turns."""
    runs: dict[str, list[Cost]] = {name: [] for name in samplers}
    for _ in range(ROUNDS + 1):
        for name, sampler in samplers.items():
            energy = np.full(batch_size, np.mean(sampler.energy_range_GeV), np.float32)
            runs[name].append(_time(sampler, energy))
    return {name: _ms_per_shower(times[1:], batch_size) for name, times in runs.items()}


def _ms_per_shower(runs: list[Cost], batch_size: int) -> Cost:
    wall, cpu = (np.median([run[key] for run in runs]) * 1e3 for key in ("wall_s", "cpu_s"))
    return {"wall_ms": float(wall / batch_size), "cpu_ms": float(cpu / batch_size)}


def _geant4_cost(cpu_s: Float) -> Cost:
    """Mean and its error; nothing where a time is not known, as in imported showers."""
    if not np.isfinite(cpu_s).all():
        return {}
    error = cpu_s.std(ddof=1) / np.sqrt(len(cpu_s)) if len(cpu_s) > 1 else 0.0
    return {"geant4_cpu_s": float(cpu_s.mean()), "geant4_cpu_s_error": float(error)}


def _time(sampler: Sampler, energy_GeV: Float) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    sampler.sample(energy_GeV, seed=1, batch_size=len(energy_GeV))
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
