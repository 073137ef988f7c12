"""Showers of a finished generator at the test showers' energies, under three batch norms."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import Config
from heitler.data.hdf5 import Showers
from heitler.data.summary import DataSummary
from heitler.degradation.runs.recalibration import recalibrate
from heitler.model.gan import (
    Gan,
    batch_norms,
    latent_vector,
    sample_cells_GeV,
    sample_in_training_mode_GeV,
)
from heitler.model.padded import Tensor
from heitler.showers import apply_threshold
from heitler.training.batch import validation_noise

Cells = NDArray[np.float32]
CALIBRATION_BATCHES, CALIBRATION_SHOWERS = 16, 64
LARGEST_GROUP = 64


def judged_cells(
    gan: Gan, config: Config, summary: DataSummary, geant4: Showers
) -> Iterator[tuple[str, Cells]]:
    """Pairs of batch-norm statistics and cells (N, X, Y, Z) GeV.

    `moving` are the moving averages, as users of the generator get them; `batch` those of groups
    as in training, of at most `LARGEST_GROUP`; `recalibrated` are fresh averages. Without batch
    norm the three are one.
    """
    energy, theta = geant4.primary_energy_GeV, geant4.theta_rad
    noise = validation_noise(config.train.seed, len(geant4), config.model.design.noise_dim)

    def sample(rows: slice = slice(None), *, training: bool = False) -> Cells:
        sampler = sample_in_training_mode_GeV if training else sample_cells_GeV
        cells = sampler(gan.exported, gan.design, noise[rows], energy[rows], theta[rows])
        return apply_threshold(cells, config.prepare.cell_threshold_GeV)

    moving = sample()
    yield "moving", moving
    if not batch_norms(gan.exported):
        yield from (("batch", moving), ("recalibrated", moving))
        return
    train = config.train
    size = min(train.global_batch_size // train.batch_norm_groups, LARGEST_GROUP, len(geant4))
    starts = range(0, len(geant4) - size + 1, size)
    groups = [slice(a, a + size) for a in starts]
    groups[-1] = slice(groups[-1].start, len(geant4))  # a small rest would have odd statistics
    yield "batch", np.concatenate([sample(rows, training=True) for rows in groups])
    recalibrate(gan.exported, _latents(gan, config, summary))
    yield "recalibrated", sample()


def _latents(gan: Gan, config: Config, summary: DataSummary) -> Iterator[Tensor]:
    """Batches at uniform energies, perpendicular to the face: (n, latent_dim) each."""
    random = np.random.default_rng([config.train.seed, 2])
    low, high = summary.energy_min_GeV, summary.energy_max_GeV
    shape = CALIBRATION_SHOWERS, config.model.design.noise_dim
    for _ in range(CALIBRATION_BATCHES):
        noise = random.standard_normal(shape).astype(np.float32)
        energy = random.uniform(low, high, (len(noise), 1)).astype(np.float32)
        energy /= np.float32(gan.design.energy_unit_GeV)
        theta = np.full_like(energy, np.pi / 2)
        yield latent_vector(gan.design, *map(tf.convert_to_tensor, (noise, energy, theta)))
