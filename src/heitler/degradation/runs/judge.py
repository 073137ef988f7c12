"""Showers of a finished generator at the test showers' energies, under three batch norms.

Moving averages forget with a factor per update: after few updates they still hold their start
(mean 0, variance 1), and at any time they belong to older weights. So they may be replaced by
averages over the finished generator's own batches (`recalibrate`). `followed` says what is seen of
a generator after every epoch, on validation showers and on those that judge.
"""

from collections.abc import Callable, Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import Config
from heitler.data.hdf5 import Showers, concatenate
from heitler.data.observables import measure_cells
from heitler.data.summary import DataSummary
from heitler.degradation.curves import LAYER, RESPONSE, SPREAD
from heitler.model.convolutions import Tensor
from heitler.model.gan import (
    Gan,
    batch_norms,
    latent_vector,
    sample_cells_GeV,
    sample_in_training_mode_GeV,
)
from heitler.showers import apply_threshold
from heitler.training.batch import validation_noise
from heitler.validation.epoch import epoch_check
from heitler.validation.response import bin_labels, energy_bin_edges, response_by_bin

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


def recalibrate(generator: keras.Model, batches: Iterable[Tensor]) -> None:
    """Set the moving averages to means over batches of latent vectors, each (n, latent_dim)."""
    norms = batch_norms(generator)
    variables = [v for norm in norms for v in (norm.moving_mean, norm.moving_variance)]
    found = []
    for latent in batches:
        before = [variable.numpy() for variable in variables]
        generator(latent, training=True)
        after = [variable.numpy() for variable in variables]
        kept = [norm.momentum for norm in norms for _ in range(2)]
        found.append(
            [
                (new - keep * old) / (1 - keep)
                for old, new, keep in zip(before, after, kept, strict=True)
            ]
        )
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
    for variable, values in zip(variables, zip(*found, strict=True), strict=True):
        variable.assign(np.mean(values, axis=0))


def followed(
    validation: Showers, test: Showers, energy_range_GeV: tuple[float, float], bins: int
) -> tuple[Showers, Callable[[Cells, Cells | None], dict[str, float]]]:
    """The showers to generate at every epoch, and what is measured of them.

    Metrics are those of `heitler.validation.epoch` on the validation showers, and on the test
    showers R in bins of energy, the ratio of mean energies over primary energy in every layer, and
    that of the spreads of the sampling fraction.
    """
    first = len(validation)
    check = epoch_check(validation, energy_range_GeV, bins, "uniform")
    edges = energy_bin_edges(*energy_range_GeV, bins, "uniform")
    labels = bin_labels(edges)
    truth = measure_cells(test.cells_GeV, test.primary_energy_GeV)

    def measure(cells: Cells, training_mode: Cells | None) -> dict[str, float]:
        made = measure_cells(cells[first:], test.primary_energy_GeV)
        response = response_by_bin(
            made.ecal_sum_GeV, truth.ecal_sum_GeV, truth.primary_energy_GeV, edges
        )
        layers = _ratios(made.longitudinal.mean(axis=0), truth.longitudinal.mean(axis=0))
        spreads = made.sampling_fraction.std(), truth.sampling_fraction.std()
        return {
            **check(cells[:first], None if training_mode is None else training_mode[:first]),
            **{RESPONSE + name: float(r) for name, r in zip(labels, response, strict=True)},
            **{f"{LAYER}{z:02d}": float(ratio) for z, ratio in enumerate(layers)},
            SPREAD: float(spreads[0] / spreads[1]),
        }

    return concatenate([validation, test]), measure


def _ratios(made: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(made, truth, out=np.full_like(truth, np.nan), where=truth > 0)
