"""Stage `generate`: showers from the trained generator at the test set's energies, timed."""

from pathlib import Path

import numpy as np

from heitler.config import load_config
from heitler.data.hdf5 import read_showers
from heitler.files import write_json
from heitler.generation.generate import write_generated
from heitler.generation.sampler import load_sampler
from heitler.stage import run_stage

TEST = Path("data/prepared/test.h5")
GENERATOR = Path("data/training/generator")
GENERATED = Path("data/generated/showers.h5")
METRICS = Path("reports/generate/metrics.json")


def main() -> None:
    config = load_config().generate
    geant4 = read_showers(TEST)
    sampler = load_sampler(GENERATOR, config.backend)
    print(f"generate: {len(geant4)} showers at the test set's energies", flush=True)
    seconds = write_generated(
        GENERATED,
        sampler,
        geant4.primary_energy_GeV,
        geant4.theta_rad,
        seed=config.seed,
        batch_size=config.batch_size,
        event_id=geant4.event_id,
        particle=geant4.particle,
    )
    write_json(METRICS, timing(seconds, geant4.cpu_seconds))


def timing(generated_s: np.ndarray, geant4_s: np.ndarray) -> dict[str, float]:
    """CPU seconds per shower at the same energies; Geant4's only where the file has them."""
    metrics = {"showers": len(generated_s), "cpu_seconds_per_shower": float(generated_s.mean())}
    if np.isfinite(geant4_s).all():
        metrics["geant4_cpu_seconds_per_shower"] = float(geant4_s.mean())
        metrics["geant4_over_generated"] = float(geant4_s.mean() / generated_s.mean())
    print(f"generate: {1e3 * generated_s.mean():.1f} ms CPU per shower")
    return metrics


if __name__ == "__main__":
    run_stage(main)
