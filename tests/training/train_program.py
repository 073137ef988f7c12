"""Run as a Horovod worker by the tests: trainings one after another, as the stage does them.

Arguments: the folder with showers, then for each training its folder with `params.yaml` and
`case.json`. A training that is asked to stop goes on; one that fails leaves its reason there, one
file per worker.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from heitler.base.errors import HeitlerError, Interrupted
from heitler.cluster.world import World, join_world, wait_for_all
from heitler.config import load_config
from heitler.data.batches import CycleEvents, plan_epoch, worker_share
from heitler.data.hdf5 import read_showers
from heitler.data.summary import load_summary
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.training import epoch as cycles
from heitler.training import loop

SLOW_S = 1.0


def public_plan(showers: int, batch: int, groups: int, **_: int) -> list[list[Any]]:
    """As in the public code: the shuffle's return value is dropped, so the order is the file's."""
    shuffled = plan_epoch(showers, batch, groups, seed=0, epoch=0)
    rows = iter(range(showers))
    return [[group * 0 + [next(rows) for _ in group] for group in cycle] for cycle in shuffled]


def public_share(plan: list[list[Any]], *, epoch: int, rank: int, workers: int) -> Any:
    """As in the public code: every rank reads what rank 0 reads."""
    shares: list[CycleEvents] = worker_share(plan, epoch=epoch, rank=0, workers=workers)
    return shares


def slowed(compiled: Callable[..., Any]) -> Callable[..., Any]:
    def compile_slow(*networks: Any) -> Callable[..., Any]:
        cycle = compiled(*networks)

        def run(batch: Any) -> Any:
            time.sleep(SLOW_S)
            return cycle(batch)

        return run

    return compile_slow


def asked(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """A batch system sends SIGTERM to this worker in its first cycle."""

    def compile_asked(*networks: Any) -> Callable[..., Any]:
        cycle = compiled(*networks)
        signals = [signal.SIGTERM]

        def run(batch: Any) -> Any:
            while signals:
                os.kill(os.getpid(), signals.pop())
            return cycle(batch)

        return run

    return compile_asked


def plant(defect: str, world: World) -> dict[str, Any]:
    """What to put in the training loop's place of its own."""
    if defect == "public sharding":
        return {"plan_epoch": public_plan, "worker_share": public_share}
    if defect == "second worker slow" and world.rank == 1:
        return {"compile_cycle": slowed(cycles.compile_cycle)}
    if defect == "second worker asked to stop" and world.rank == 1:
        return {"compile_cycle": asked(cycles.compile_cycle)}
    return {}


def run(data: Path, folder: Path, world: World) -> None:
    case = json.loads((folder / "case.json").read_text())
    keras.config.set_floatx(case["precision"])
    keras.config.set_dtype_policy(case["precision"])

    def log_epoch(metrics: dict[str, float], epoch: int) -> None:
        if epoch == case["kill_after_epoch"]:
            os.kill(os.getpid(), signal.SIGKILL)

    config = load_config(folder / "params.yaml")
    planted = plant(case["defect"], world)
    own = {name: getattr(cycles, name) for name in planted}
    vars(cycles).update(planted)
    try:
        loop.train(
            config.model.design,
            config.train,
            cycles.TrainingInput(
                data / "train.h5",
                read_showers(data / "train.h5")[:4],
                load_summary(data / "summary.json"),
            ),
            world,
            folder=folder / "checkpoints",
            kept=Kept(Origin({}, "test", {}), "train"),
            check_physics=lambda showers, _: {"generated_GeV": float(showers.sum())},
            log_epoch=log_epoch,
        )
    except HeitlerError as error:
        (folder / f"error-{world.rank}.txt").write_text(str(error))
    except Interrupted:
        wait_for_all()
        if world.writes:
            (folder / "case.json").write_text(json.dumps(case | {"defect": ""}))
        wait_for_all()  # before it is read again
        vars(cycles).update(own)
        run(data, folder, world)
    finally:
        vars(cycles).update(own)


data, *folders = (Path(argument) for argument in sys.argv[1:])
world = join_world(load_config(folders[0] / "params.yaml").train.workers, 1)
for folder in folders:
    run(data, folder, world)
