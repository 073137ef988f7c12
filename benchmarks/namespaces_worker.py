"""One worker of benchmarks/namespaces.py: trains, and rank 0 sets the links between epochs.

The other workers wait for rank 0 in the next epoch's first all-reduce, so no cycle runs under two
limits.
"""

import sys
from pathlib import Path

from namespaces import LIMITS_BIT_PER_S
from tests.cluster.namespaces import limit_link

from heitler.base.files import write_json
from heitler.base.stage import run_stage
from heitler.cluster.world import join_world
from heitler.config import load_config
from heitler.data.hdf5 import read_showers
from heitler.data.summary import load_summary
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.training.loop import TrainingInput, train

VALIDATION = 4
"""Showers; only to let training do all that it does."""


def main() -> None:
    hosts = sys.argv[1].split(",")
    config, here = load_config(), Path.cwd()
    world = join_world(
        config.train.workers,
        config.cluster.threads_per_worker,
        pin_cores=config.cluster.pin_cores,
    )
    epochs: list[dict[str, float | None]] = []
    limit: float | None = None

    def log_epoch(metrics: dict[str, float], epoch: int) -> None:
        nonlocal limit
        print(f"epoch {epoch}: limit {limit}, cycle {metrics['cycle_time_s']:.3f} s", flush=True)
        epochs.append({"limit_bit_per_s": limit, **metrics})
        limit = LIMITS_BIT_PER_S[(epoch - 1) % len(LIMITS_BIT_PER_S)]
        for host in hosts:
            limit_link(host, limit)

    train(
        config,
        TrainingInput(
            here / "train.h5",
            read_showers(here / "train.h5")[:VALIDATION],
            load_summary(here / "summary.json"),
        ),
        world,
        folder=here / "checkpoints",
        kept=Kept(Origin({}, "benchmark", {}), "train"),
        check_physics=lambda showers, _: {"generated_GeV": float(showers.sum())},
        log_epoch=log_epoch,
    )
    if world.writes:
        write_json(here / "epochs.json", epochs)


if __name__ == "__main__":
    run_stage(main)
