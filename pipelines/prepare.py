"""Stage `prepare`: Geant4 showers checked, thresholded and split, with figures of them."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_json
from heitler.config import load_config
from heitler.data.hdf5 import iterate_showers
from heitler.data.prepare import PreparedShowers, prepare_showers, summarise
from heitler.data.shard_list import find_shards
from heitler.detector import image_shape
from heitler.report.data_figures import write_data_figures
from heitler.validation.response import energy_bin_edges

SHOWERS = Path("data/showers")
PREPARED = Path("data/prepared")
REPORT = Path("reports/prepare")


def main() -> None:
    config = load_config()
    shards = find_shards(SHOWERS)
    print(f"prepare: {len(shards)} shower files", flush=True)
    shape = image_shape(config.detector)
    prepared = prepare_showers(shards, PREPARED, shape, config.prepare)
    summary = summarise(prepared, shape)
    write_json(PREPARED / "summary.json", summary)
    write_json(REPORT / "metrics.json", metrics(prepared))
    edges = energy_bin_edges(
        summary["energy_min_GeV"],
        summary["energy_max_GeV"],
        config.validate.energy_bins,
        prepared.simulation.get("energy_spectrum", "uniform"),
    )
    write_data_figures(
        REPORT,
        prepared.observables,
        summary["sampling_fraction_fit"],
        edges,
        config.detector,
        next(iterate_showers(PREPARED / "test.h5")),
    )
    announce(prepared)


def metrics(prepared: PreparedShowers) -> dict[str, float]:
    train = prepared.observables["train"]
    return {
        **{f"showers_{name}": len(sample) for name, sample in prepared.observables.items()},
        "showers_left_out_empty": len(prepared.empty),
        "sampling_fraction": float(train.sampling_fraction.mean()),
        "sampling_fraction_spread": float(train.sampling_fraction.std()),
        "cells_hit_per_shower": float(train.cell_spectrum.sum(axis=1).mean()),
    }


def announce(prepared: PreparedShowers) -> None:
    counts = [f"{len(sample)} {name}" for name, sample in prepared.observables.items()]
    print(f"prepare: {', '.join(counts)} showers")
    if prepared.empty:
        print(f"prepare: {len(prepared.empty)} left out, empty after the threshold:")
        print("\n".join(prepared.empty[:10]))


if __name__ == "__main__":
    run_stage(main)
