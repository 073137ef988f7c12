"""Train and judge a tiny study in this process; argument: the folder with showers and results."""

import sys
from pathlib import Path

from heitler.cluster.world import join_world
from heitler.config import load_config
from heitler.data.summary import load_summary
from heitler.degradation.plan import plan_trainings
from heitler.degradation.runs.worker import train_missing


def main() -> None:
    folder = Path(sys.argv[1])
    summary = load_summary(folder / "summary.json")
    plan = plan_trainings(load_config(folder / "params.yaml"), summary.showers["train"], "data")
    unique = {training.fingerprint: training for training in plan.values()}
    world = join_world(1, 1)
    train_missing(list(unique.values()), folder, folder / "study", world, show=True)
    for (arm, seed), training in plan.items():
        print(f"plan {arm} {seed} {training.fingerprint[:16]}")


main()
