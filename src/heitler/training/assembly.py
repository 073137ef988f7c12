"""From events and random numbers to the tensors of one cycle, in the networks' units."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import ModelConfig, TrainConfig
from heitler.data.batches import CycleEvents
from heitler.data.batches import Events as FileEvents
from heitler.data.summary import DataSummary
from heitler.model.losses import measured_theta
from heitler.model.networks import noise_dim
from heitler.model.recipes import generator_calls, has_theta, recipe_of
from heitler.training.batch import CycleBatch, Events, Fakes
from heitler.training.randomness import CycleRandomness, draw_cycle

Array = NDArray[np.float32]


@dataclass(frozen=True)
class BatchAssembler:
    """Makes one worker's `CycleBatch` from its events."""

    model: ModelConfig
    train: TrainConfig
    summary: DataSummary

    def __call__(self, share: CycleEvents, events: FileEvents) -> CycleBatch:
        """Draw this cycle's random numbers and convert GeV to the networks' units."""
        random = draw_cycle(
            share,
            seed=self.train.seed,
            generator_calls=generator_calls(self.model, self.train),
            noise_dim=noise_dim(self.model),
            flip_probability=self.train.label_flip_probability,
        )
        cells = events.cells_GeV[..., None] / np.float32(self.model.cell_unit_GeV)
        energy = events.primary_energy_GeV[:, None] / np.float32(self.model.energy_unit_GeV)
        theta = np.asarray(measured_theta(cells)) if has_theta(self.model) else energy * 0
        batch = CycleBatch(
            events=Events(
                cells=cells,
                energy=energy,
                theta=theta,
                real_label=1 - random.flip_real.astype(np.float32),
                fake_label=random.flip_fake.astype(np.float32),
                fakes=self._fakes(random, events, theta, cells.sum(axis=(1, 2, 3))),
            ),
            splits=share.splits,
            first_event=np.int32(share.positions[0]),
            cycle=np.int32(share.cycle),
            count=np.float32(share.global_count),
            asked=np.zeros(2, np.float32),
        )
        tensors: CycleBatch = tf.nest.map_structure(_as_tensor, batch)
        return tensors

    def _fakes(
        self, random: CycleRandomness, events: FileEvents, theta: Array, ecal_sum: Array
    ) -> Fakes:
        shape = random.energy_fraction.shape  # (n, U, 1)
        if recipe_of(self.model).fakes == "real energies":
            energy_GeV = np.broadcast_to(events.primary_energy_GeV[:, None, None], shape)
            expected = self.summary.expected_ecal_sum_GeV(energy_GeV)
            target = (expected / self.model.cell_unit_GeV).astype(np.float32)
        elif has_theta(self.model):  # published: the real event's own energy and angle
            energy_GeV = np.broadcast_to(events.primary_energy_GeV[:, None, None], shape)
            target = np.broadcast_to(ecal_sum[:, None], shape)
        else:  # published: uniform over the energy range, deposited energy from a fit
            low, high = self.summary.energy_min_GeV, self.summary.energy_max_GeV
            energy_GeV = (low + (high - low) * random.energy_fraction).astype(np.float32)
            expected = self.summary.expected_ecal_sum_GeV(energy_GeV)
            target = (expected / self.model.cell_unit_GeV).astype(np.float32)
        return Fakes(
            noise=random.noise,
            energy=energy_GeV / np.float32(self.model.energy_unit_GeV),
            theta=np.ascontiguousarray(np.broadcast_to(events.theta_rad[:, None, None], shape)),
            target_ecal_sum=np.ascontiguousarray(target),
            target_theta=np.ascontiguousarray(np.broadcast_to(theta[:, None], shape)),
        )


def _as_tensor(array: NDArray[np.generic]) -> tf.Tensor:
    floating = np.issubdtype(array.dtype, np.floating)
    return tf.convert_to_tensor(array, keras.config.floatx() if floating else None)
