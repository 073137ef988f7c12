"""From events of a file and random numbers to the tensors of one cycle, in the networks' units.

Random numbers of training are keyed by what they are for, never by who draws them. Each event's
noise, label flips and fake energies depend only on (seed, cycle, place in the global batch); its
dropout masks (`KeyedDropout`) only on these, the update and the layer. So the numbers are the same
on any number of workers, and resuming needs no saved random state.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import TrainConfig
from heitler.data.batches import CycleEvents
from heitler.data.batches import Events as FileEvents
from heitler.data.summary import DataSummary
from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.losses import measured_theta
from heitler.model.networks import family_of
from heitler.model.objective import Events, Fakes

Array = NDArray[np.float32]
Tensor: TypeAlias = tf.Tensor


class CycleBatch(NamedTuple):
    """One worker's input to one cycle."""

    events: Events
    splits: Tensor  # (groups + 1,) int32, where each batch-norm group begins and ends
    first_event: Tensor  # int32, place of the first event in the global batch
    cycle: Tensor  # int32
    count: Tensor  # events in the global batch
    asked: Tensor  # (2,) 1 where this worker wants to [stop, save] after the cycle


@dataclass(frozen=True)
class CycleRandomness:
    """Random numbers of one worker's n events in one cycle with U generator calls."""

    flip_real: NDArray[np.bool_]
    """(n, 1) whether the label of the real shower is flipped."""
    flip_fake: NDArray[np.bool_]
    """(n, 1)"""
    energy_fraction: Array
    """(n, U, 1) uniform in [0, 1): where in the energy range the fake is."""
    noise: Array
    """(n, U, noise_dim) standard normal."""


@dataclass(frozen=True)
class BatchAssembler:
    """Makes one worker's `CycleBatch` from its events."""

    design: Design
    train: TrainConfig
    summary: DataSummary

    def __call__(self, share: CycleEvents, events: FileEvents) -> CycleBatch:
        """Draw this cycle's random numbers and convert GeV to the networks' units."""
        train, family = self.train, family_of(self.design)
        random = draw_cycle(
            share,
            seed=train.seed,
            generator_calls=family.generator_calls(self.design, train.generator_updates_per_cycle),
            noise_dim=self.design.noise_dim,
            flip_probability=train.label_flip_probability,
        )
        cells = events.cells_GeV[..., None] / np.float32(self.design.cell_unit_GeV)
        energy = events.primary_energy_GeV[:, None] / np.float32(self.design.energy_unit_GeV)
        theta = np.asarray(measured_theta(cells)) if self.design.has_theta else energy * 0
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
        if self.design.fakes == "real energies":
            energy_GeV = np.broadcast_to(events.primary_energy_GeV[:, None, None], shape)
            expected = self.summary.expected_ecal_sum_GeV(energy_GeV)
            target = (expected / self.design.cell_unit_GeV).astype(np.float32)
        elif self.design.has_theta:  # published: the real event's own energy and angle
            energy_GeV = np.broadcast_to(events.primary_energy_GeV[:, None, None], shape)
            target = np.broadcast_to(ecal_sum[:, None], shape)
        else:  # published: uniform over the energy range, deposited energy from a fit
            low, high = self.summary.energy_min_GeV, self.summary.energy_max_GeV
            energy_GeV = (low + (high - low) * random.energy_fraction).astype(np.float32)
            expected = self.summary.expected_ecal_sum_GeV(energy_GeV)
            target = (expected / self.design.cell_unit_GeV).astype(np.float32)
        return Fakes(
            noise=random.noise,
            energy=energy_GeV / np.float32(self.design.energy_unit_GeV),
            theta=np.ascontiguousarray(np.broadcast_to(events.theta_rad[:, None, None], shape)),
            target_ecal_sum=np.ascontiguousarray(target),
            target_theta=np.ascontiguousarray(np.broadcast_to(theta[:, None], shape)),
        )


def _as_tensor(array: NDArray[np.generic]) -> tf.Tensor:
    floating = np.issubdtype(array.dtype, np.floating)
    return tf.convert_to_tensor(array, keras.config.floatx() if floating else None)


def batch_signature(design: Design, image_shape: Size, generator_calls: int) -> CycleBatch:
    """Shapes with a free number of events, so that the cycle is traced once."""

    def spec(*shape: int | None, dtype: str = keras.config.floatx()) -> tf.TensorSpec:
        return tf.TensorSpec(shape, dtype)

    column, per_call = spec(None, 1), spec(None, generator_calls, 1)
    noise = spec(None, generator_calls, design.noise_dim)
    fakes = Fakes(noise, per_call, per_call, per_call, per_call)
    events = Events(spec(None, *image_shape, 1), column, column, column, column, fakes)
    whole = spec(dtype="int32")
    return CycleBatch(events, spec(None, dtype="int32"), whole, whole, spec(), spec(2))


def draw_cycle(
    share: CycleEvents, *, seed: int, generator_calls: int, noise_dim: int, flip_probability: float
) -> CycleRandomness:
    """Draw the random numbers of one worker's events in one cycle."""
    uniforms, normals = [], []
    for position in share.positions:
        stream = np.random.Generator(
            np.random.Philox(key=[seed, 0], counter=[0, 0, position, share.cycle])
        )
        uniforms.append(stream.random(2 + generator_calls, dtype=np.float32))
        normals.append(stream.standard_normal((generator_calls, noise_dim), dtype=np.float32))
    uniform = np.stack(uniforms)[:, :, None]  # (n, 2 + U, 1)
    return CycleRandomness(
        flip_real=uniform[:, 0] < flip_probability,
        flip_fake=uniform[:, 1] < flip_probability,
        energy_fraction=uniform[:, 2:],
        noise=np.stack(normals),
    )


def validation_noise(seed: int, showers: int, noise_dim: int) -> Array:
    """(showers, noise_dim) the same noise in every epoch, so that epochs can be compared."""
    stream = np.random.Generator(np.random.Philox(key=[seed, 1]))
    return stream.standard_normal((showers, noise_dim), dtype=np.float32)
