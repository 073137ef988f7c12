"""Our training cycle, fed with the benchmark's events."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from heitler.cluster.world import World
from heitler.config import TrainConfig
from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.gan import build_gan
from heitler.model.objective import Events, Fakes
from heitler.training.batch import CycleBatch
from heitler.training.cycle import compile_cycle

Arrays = dict[str, np.ndarray]


def compiled_cycle(
    design: Design, train: TrainConfig, shape: Size, world: World
) -> tuple[Callable[[Arrays], float], int]:
    """A function that runs one cycle on the events of all workers, and the networks' parameters."""
    train = dataclasses.replace(train, workers=world.size, virtual_workers=None)
    gan = build_gan(design, train, shape)
    cycle = compile_cycle(gan, train)

    def run(events: Arrays) -> float:
        result = cycle(_batch(events, 1 + train.generator_updates_per_cycle, world))
        return float(result.empty_fraction)

    return run, gan.generator.count_params() + gan.discriminator.count_params()


def _batch(events: Arrays, calls: int, world: World) -> CycleBatch:
    """This worker's share of the events."""
    total = len(events["energy"])
    first, end = (total * (world.rank + i) // world.size for i in (0, 1))
    cells, energy, noise = (events[name][first:end] for name in ("cells", "energy", "noise"))
    label, sums = np.ones_like(energy), cells.sum(axis=(1, 2, 3))
    per_call = [np.repeat(column[:, None], calls, axis=1) for column in (energy, sums)]
    fakes = Fakes(noise, per_call[0], per_call[0], per_call[1], per_call[0])
    batch = CycleBatch(
        events=Events(cells, energy, energy, label, 0 * label, fakes),
        splits=np.array([0, end - first], np.int32),
        first_event=np.int32(first),
        cycle=np.int32(0),
        count=np.float32(total),
        asked=np.zeros(2, np.float32),
    )
    tensors: CycleBatch = tf.nest.map_structure(tf.convert_to_tensor, batch)
    return tensors
