"""Random numbers of training, keyed by what they are for, never by who draws them.

Each event's noise, label flips and fake energies depend only on (seed, cycle, place in the
global batch); its dropout masks (`KeyedDropout`) only on these, the update and the layer. So the
numbers are the same on any number of workers, and resuming needs no saved random state.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.data.batches import CycleEvents

Array = NDArray[np.float32]


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
