"""Showers in any number, batch after batch into a file: memory holds one batch; what one costs."""

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
