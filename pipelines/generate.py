"""Stage `generate`: showers from a recipe's generator at the test set's energies, timed."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from heitler.base.files import write_csv, write_json
from heitler.config import GenerateConfig, load_config, stage_recipe
from heitler.data.hdf5 import Showers, read_showers
from heitler.generation.start import import_tensorflow

if TYPE_CHECKING:
    from heitler.generation.sampler import Sampler

TEST = Path("data/prepared/test.h5")
TRAININGS = Path("data/training")
GENERATED = Path("data/generated")
REPORTS = Path("reports/generate")


def main() -> None:
    recipe, config = stage_recipe(), load_config().generate
    geant4 = read_showers(TEST)
    import_tensorflow()
    from heitler.generation.generate import write_generated
    from heitler.generation.sampler import load_sampler

    sampler = load_sampler(TRAININGS / recipe / "generator", config.backend)
    print(
        f"generate: {len(geant4)} showers of recipe {recipe} at the test set's energies", flush=True
    )
    seconds = write_generated(
        GENERATED / recipe / "showers.h5",
        sampler,
        geant4.primary_energy_GeV,
        geant4.theta_rad,
        seed=config.seed,
        batch_size=config.batch_size,
        event_id=geant4.event_id,
    )
    report = REPORTS / recipe
    write_json(report / "metrics.json", timing(seconds, geant4.cpu_seconds))
    write_costs(report, sampler, geant4, config)


def timing(generated_s: np.ndarray, geant4_s: np.ndarray) -> dict[str, float]:
    """CPU seconds per shower at the same energies; Geant4's only where the file has them."""
    metrics = {"showers": len(generated_s), "cpu_seconds_per_shower": float(generated_s.mean())}
    if np.isfinite(geant4_s).all():
        metrics["geant4_cpu_seconds_per_shower"] = float(geant4_s.mean())
        metrics["geant4_over_generated"] = float(geant4_s.mean() / generated_s.mean())
    print(f"generate: {1e3 * generated_s.mean():.1f} ms CPU per shower")
    return metrics


def write_costs(report: Path, sampler: "Sampler", geant4: Showers, config: GenerateConfig) -> None:
    """By primary energy, beside Geant4, and by batch size."""
    from heitler.generation.generate import cost_by_batch_size, cost_by_energy

    energy = geant4.primary_energy_GeV
    by_energy = cost_by_energy(
        sampler,
        energy,
        geant4.cpu_seconds,
        bins=config.timed_energy_bins,
        batch_size=config.batch_size,
    )
    by_batch_size = cost_by_batch_size(sampler, float(energy.mean()), config.timed_batch_sizes)
    write_csv(report / "cost_by_energy.csv", by_energy)
    write_csv(report / "cost_by_batch_size.csv", by_batch_size)


if __name__ == "__main__":
    run_stage(main)
