"""Stage `simulate`: showers from Geant4 as shards, or imported from CERN's public files."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_json
from heitler.base.place import project_root
from heitler.config import Config, load_config
from heitler.data.cern import import_showers
from heitler.data.shard_list import describe_sample, write_shard_list
from heitler.doctor.preflight.stages import refuse, simulation_problems
from heitler.kept.claim import claimed
from heitler.simulation.shards import simulate_shards

TABLES = Path("data/tables")
SHOWERS = Path("data/showers")
DOWNLOADS = Path("data/downloads")
METRICS = Path("reports/simulate/metrics.json")


def main() -> None:
    """Fill `data/showers` and describe it in `reports/simulate/metrics.json`."""
    config = load_config()
    with claimed(SHOWERS, "simulation"):
        fill(config)


def fill(config: Config) -> None:
    detector, simulate = config.detector, config.simulate
    refuse(simulation_problems(detector, simulate, (SHOWERS, METRICS.parent)), "simulate")
    if simulate.import_from:
        print(f"Importing showers from {simulate.import_from} ...", flush=True)
        import_showers(SHOWERS, project_root() / DOWNLOADS, detector, simulate)
    else:
        print(
            f"Simulating {simulate.showers} showers of {simulate.particle}, "
            f"{simulate.energy_min_GeV:g}-{simulate.energy_max_GeV:g} GeV, in {detector.name} ...",
            flush=True,
        )
        simulate_shards(SHOWERS, TABLES, detector, simulate)
    write_shard_list(SHOWERS)
    sample = describe_sample(sorted(SHOWERS.glob("*.h5")))
    write_json(METRICS, sample)
    print(
        f"{SHOWERS}: {sample['showers']} showers, {sample['label']}; the sensors see "
        f"{sample['sampling_fraction_mean']:.2%} of the primary energy"
    )


if __name__ == "__main__":
    run_stage(main)
