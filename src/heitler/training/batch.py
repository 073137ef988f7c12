"""What goes into a training cycle and what comes out, as tensors."""

from typing import NamedTuple, TypeAlias

import keras
import tensorflow as tf

from heitler.config import TrainConfig
from heitler.model.gan import Gan
from heitler.model.networks import noise_dim
from heitler.model.recipes import generator_calls

Tensor: TypeAlias = tf.Tensor


class Fakes(NamedTuple):
    """What the fakes of U generator calls are asked to be."""

    noise: Tensor  # (n, U, noise_dim)
    energy: Tensor  # (n, U, 1) in energy_unit_GeV
    theta: Tensor  # (n, U, 1) rad
    target_ecal_sum: Tensor  # (n, U, 1) in cell_unit_GeV
    target_theta: Tensor  # (n, U, 1) rad, as measured_theta measures it


class Events(NamedTuple):
    """n events, real showers and the fakes that go with them."""

    cells: Tensor  # (n, X, Y, Z, 1) in cell_unit_GeV
    energy: Tensor  # (n, 1) in energy_unit_GeV
    theta: Tensor  # (n, 1) rad, as measured_theta measures it
    real_label: Tensor  # (n, 1) 1, flipped now and then
    fake_label: Tensor  # (n, 1) 0, flipped now and then
    fakes: Fakes


class CycleBatch(NamedTuple):
    """One worker's input to one cycle."""

    events: Events
    splits: Tensor  # (groups + 1,) int32, where each batch-norm group begins and ends
    first_event: Tensor  # int32, place of the first event in the global batch
    cycle: Tensor  # int32
    count: Tensor  # events in the global batch
    asked: Tensor  # (2,) 1 where this worker wants to [stop, save] after the cycle


class CycleResult(NamedTuple):
    """Losses are means over the global batch, equal on every worker; times are this worker's."""

    losses: dict[str, dict[str, Tensor]]
    """By update, then by loss name; "total" is the weighted sum."""
    empty_fraction: Tensor
    """Share of fakes in which no energy is deposited."""
    reductions: Tensor
    """(updates, 2) s, of each all-reduce: when this worker had nothing else to do, and when it went
    on. What it computed while the sums were made counts as computing."""
    gradient_norms: dict[str, Tensor]
    """By update (3,), for the noise scale: mean over groups of the squared norm of the group's
    gradient (per event), squared norm of the global batch's, mean over groups of 1 / events."""
    asked: Tensor
    """(2,) more than 0 where any worker wants to [stop, save] after the cycle; equal on all."""


def batch_signature(gan: Gan, config: TrainConfig) -> CycleBatch:
    """Shapes with a free number of events, so that the cycle is traced once."""
    calls = generator_calls(gan.model, config)

    def spec(*shape: int | None, dtype: str = keras.config.floatx()) -> tf.TensorSpec:
        return tf.TensorSpec(shape, dtype)

    column, per_call = spec(None, 1), spec(None, calls, 1)
    noise = spec(None, calls, noise_dim(gan.model))
    fakes = Fakes(noise, per_call, per_call, per_call, per_call)
    events = Events(spec(None, *gan.image_shape, 1), column, column, column, column, fakes)
    whole = spec(dtype="int32")
    return CycleBatch(events, spec(None, dtype="int32"), whole, whole, spec(), spec(2))
