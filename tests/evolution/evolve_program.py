"""One evolution on as many workers as were started; rank 0 writes its genome and journal."""

import sys
from pathlib import Path

import numpy as np

from heitler.cluster.world import gather_arrays, join_world
from heitler.config import load_config
from heitler.evolution.events import ProjectedEvents, Units
from heitler.evolution.loop import Run, Workers
from heitler.evolution.network import NetworkShape, Regressor

SHAPE = NetworkShape((9, 9), filters=3, kernel=3, stride=2, slope=0.3)


def main() -> None:
    workers, folder = int(sys.argv[1]), Path(sys.argv[2])
    world = join_world(workers, 1)
    random = np.random.default_rng(1)
    energy = random.uniform(10, 100, 64).astype(np.float32)
    images = (random.gamma(2, 1, (64, 9, 9)) * energy[:, None, None]).astype(np.float32)
    events = ProjectedEvents(images, energy)
    regressor = Regressor(SHAPE, events, Units.of(events))
    together = Workers(world.rank, world.size, lambda own: gather_arrays(own, "losses"))
    for name in ("one-plus-lambda", "antithetic", "cma", "nevergrad"):
        run = Run(name, 1, load_config().evolve, regressor, regressor, together)
        genome = run.finish(folder / f"{name}-{workers}.npz", "f", stop_after=40).genome
        np.save(folder / f"{name}-{workers}-rank{world.rank}.npy", genome)


main()
