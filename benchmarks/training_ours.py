"""Our training cycle, fed with the benchmark's events."""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from heitler.cluster.world import join_world
from heitler.config import ModelConfig, TrainConfig
from heitler.model.architectures import Size
from heitler.model.gan import build_gan
from heitler.training.batch import CycleBatch, Events, Fakes
from heitler.training.cycle import compile_cycle


def compiled_cycle(model: ModelConfig, train: TrainConfig, shape: Size):
    """A function that runs one cycle on events, and the number of the networks' parameters."""
    join_world(1, threads_per_worker=len(os.sched_getaffinity(0)))
    train = dataclasses.replace(train, workers=1, virtual_workers=1)
    gan = build_gan(model, train, shape)
    cycle = compile_cycle(gan, train)

    def run(events: dict[str, np.ndarray]) -> float:
        result = cycle(_batch(events, 1 + train.generator_updates_per_cycle))
        return float(result.empty_fraction)

    return run, gan.generator.count_params() + gan.discriminator.count_params()


def _batch(events: dict[str, np.ndarray], calls: int) -> CycleBatch:
    cells, energy = events["cells"], events["energy"]
    label, count = np.ones_like(energy), len(energy)
    sums = cells.sum(axis=(1, 2, 3))
    per_call = [np.repeat(column[:, None], calls, axis=1) for column in (energy, sums)]
    fakes = Fakes(events["noise"], per_call[0], per_call[0], per_call[1], per_call[0])
    whole = Events(cells, energy, energy, label, 0 * label, fakes)
    batch = CycleBatch(
        whole, np.array([0, count], np.int32), np.int32(0), np.int32(0), np.float32(count)
    )
    tensors: CycleBatch = tf.nest.map_structure(tf.convert_to_tensor, batch)
    return tensors
