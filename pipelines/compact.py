"""Stage `compact`: a cheaper generator learns from the published one; its physics and its speed."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from heitler.base.files import write_csv, write_json
from heitler.base.progress import progress_bar
from heitler.config import PUBLISHED, CompactConfig, load_config
from heitler.data.hdf5 import read_attributes
from heitler.data.observables import Observables, join, load_observables, measure_cells
from heitler.generation.start import import_tensorflow
from heitler.tracking.training import training_run
from heitler.validation.compact import PROFILES, judge_compact
from heitler.validation.response import energy_bin_edges

if TYPE_CHECKING:
    from heitler.generation.sampler import Sampler

PREPARED = Path("data/prepared")
TRAINING = Path("data/training") / PUBLISHED
COMPACT = Path("data/compact/generator")
REPORT = Path("reports/compact")
TIMED_BATCH = 128
FACTORS_PER_BIN = 2
"""Factors of the energy scale, finer than the bins in which it is judged."""


def main() -> None:
    config = load_config().compact
    import_tensorflow()
    from heitler.generation.sampler import load_sampler
    from heitler.generation.serving import served_generator

    full = load_sampler(TRAINING / "generator")
    energy, theta = read_conditions(PREPARED / "train.h5")
    conditions = draw_conditions(energy, theta, config.seed)
    form = learn(full, conditions, config)
    calibrate(form, full, conditions(config.calibration_showers), config)
    compact = load_sampler(COMPACT)
    metrics = judge(compact, full, conditions(config.judged_showers), config)
    metrics |= time_both(compact, full)
    write_json(REPORT / "metrics.json", metrics)
    announce(metrics)
    run = training_run(TRAINING, compact=config)
    run.log_metrics({f"compact_{name}": value for name, value in metrics.items()})
    run.log_files(REPORT, "compact")
    run.log_generator(COMPACT, served_generator(compact.image_shape), "compact")


Conditions = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Number of showers -> primary energies in GeV and angles in rad, as the training set's."""


def read_conditions(path: Path) -> tuple[np.ndarray, np.ndarray]:
    observables = load_observables(path)
    return observables.primary_energy_GeV, observables.theta_rad


def draw_conditions(energy: np.ndarray, theta: np.ndarray, seed: int) -> Conditions:
    random = np.random.Generator(np.random.Philox(key=[seed, 4]))

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        rows = random.integers(len(energy), size=count)
        return energy[rows].astype(np.float32), theta[rows].astype(np.float32)

    return draw


def learn(full: "Sampler", conditions: Conditions, config: CompactConfig) -> Any:
    from heitler.generation.compact import build_compact_form, distil

    form = build_compact_form(full.design.latent_dim, full.image_shape, config)
    random = np.random.Generator(np.random.Philox(key=[config.seed, 5]))

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        energy, theta = conditions(count)
        return full.draw_latent(random, energy, theta), energy / full.energy_range_GeV[1]

    millions = form.multiply_adds / 1e6
    print(f"compact: {millions:.3g} million multiplications per shower", flush=True)
    with progress_bar("learning", config.showers) as advance:
        return distil(full.generate_cells, form, draw, config, advance)


def calibrate(form: Any, full: "Sampler", pairs: Any, config: CompactConfig) -> None:
    """Write the compact generator with the energy scale that gives it the full one's response."""
    from heitler.generation.sampler import (
        EnergyScale,
        fit_energy_scale,
        load_sampler,
        write_compact,
    )

    write_compact(COMPACT, form, full, EnergyScale())
    made, wanted = (sample(s, pairs, config.seed + 1) for s in (load_sampler(COMPACT), full))
    scale = fit_energy_scale(
        made.primary_energy_GeV,
        made.ecal_sum_GeV,
        wanted.ecal_sum_GeV,
        FACTORS_PER_BIN * config.energy_bins,
    )
    write_compact(COMPACT, form, full, scale)
    factors = ", ".join(f"{f:.3f}" for f in scale.factor)
    print(f"compact: energy scale corrected by {factors} from low to high energies", flush=True)


def sample(sampler: "Sampler", conditions: Any, seed: int) -> Observables:
    """Observables of showers at the given energies and angles, batch by batch."""
    energy, theta = conditions
    batches = sampler.sample_batches(energy, theta, seed=seed, batch_size=TIMED_BATCH)
    starts = range(0, len(energy), TIMED_BATCH)
    return join(
        measure_cells(cells, energy[start : start + TIMED_BATCH])
        for cells, start in zip(batches, starts, strict=True)
    )


def judge(compact: "Sampler", full: "Sampler", pairs: Any, config: CompactConfig) -> dict[str, Any]:
    geant4 = load_observables(PREPARED / "test.h5")
    spectrum = read_attributes(PREPARED / "test.h5").get("energy_spectrum", "uniform")
    edges = energy_bin_edges(*full.energy_range_GeV, config.energy_bins, spectrum)
    samples = (sample(sampler, pairs, config.seed + 2) for sampler in (compact, full))
    metrics, rows = judge_compact(*samples, geant4, edges, config.response_pass)
    write_csv(REPORT / "response.csv", rows)
    return metrics


def time_both(compact: "Sampler", full: "Sampler") -> dict[str, float]:
    """Milliseconds per shower, in turns."""
    from heitler.generation.generate import time_in_turns

    times = time_in_turns({"compact": compact, "full": full}, TIMED_BATCH)
    flat = {f"{name}_{key}": value for name, row in times.items() for key, value in row.items()}
    return {"timed_batch_size": TIMED_BATCH, **flat}


def announce(metrics: dict[str, Any]) -> None:
    verdict = "passes" if metrics["response_passes"] else "does not pass"
    off = metrics["response_max_deviation"]
    response = (
        f"response off from the full generator's by up to {off:.1%} ({verdict}, limit "
        f"{metrics['response_pass']:.0%})"
        if math.isfinite(off)
        else "an energy bin is empty or without deposit, so the responses cannot be compared"
    )
    print(
        f"compact: {metrics['compact_wall_ms']:.2f} ms per shower at batch {TIMED_BATCH}, full "
        f"{metrics['full_wall_ms']:.2f} ms; {response}"
    )
    for name in PROFILES:
        errors = [
            metrics[f"{name}_profile_error_{against}"] for against in ("to_full", "to_geant4")
        ]
        of_full = metrics[f"{name}_profile_error_full_to_geant4"]
        print(
            f"compact: {name} profile error {errors[0]:.3f} to the full generator, "
            f"{errors[1]:.3f} to Geant4 (full to Geant4 {of_full:.3f}; 0 equal, 2 disjoint)"
        )


if __name__ == "__main__":
    run_stage(main)
