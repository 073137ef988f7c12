"""The parts of the recipe `heitler` against the laws that they state."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from heitler.config import load_config
from heitler.model.cell_noise import CellDeposit, CellNoise
from heitler.model.dense_sizes import view_size
from heitler.model.gan import build_gan, sample_cells_GeV
from heitler.model.score_objective import JUDGED, VIEWS, energy_score, view_shower
from heitler.model.shower_generator import start_from_mean

SHAPE = (9, 8, 7)


def uniform_numbers(count: int) -> tf.Tensor:
    return tf.constant((np.arange(count) + 0.5)[:, None] / count, tf.float32)


@pytest.mark.parametrize("expected", [0.01, 0.3, 2.0, 50.0])
def test_a_cell_deposits_what_is_expected_on_average(expected: float) -> None:
    uniform = uniform_numbers(200_001)
    deposit = CellDeposit(0.025)((tf.fill(uniform.shape, expected * 0.025), uniform)).numpy()
    assert deposit.mean() == pytest.approx(expected * 0.025, rel=2e-3)


def test_rare_hits_come_as_often_as_expected_with_exponential_energies() -> None:
    uniform = uniform_numbers(2_000_001)
    deposit = CellDeposit(1.0)((tf.fill(uniform.shape, 0.01), uniform)).numpy().ravel()
    energies = deposit[deposit > 0]
    assert len(energies) / len(deposit) == pytest.approx(0.01, rel=0.02)
    assert energies.mean() == pytest.approx(1.0, rel=0.02)
    assert energies.std() == pytest.approx(1.0, rel=0.05)


def test_cell_noise_is_uniform_and_cells_are_independent() -> None:
    latent = np.random.default_rng(3).standard_normal((4000, 32)).astype(np.float32)
    noise = CellNoise(SHAPE)(tf.constant(latent)).numpy().reshape(4000, -1)
    share, _ = np.histogram(noise, bins=10, range=(0, 1))
    np.testing.assert_allclose(share / noise.size, 0.1, atol=0.002)
    correlation = np.corrcoef(noise, rowvar=False) - np.eye(noise.shape[1])
    assert np.abs(correlation).max() < 6 / np.sqrt(4000)
    assert correlation.std() < 1.2 / np.sqrt(4000)


def test_energy_score_is_lowest_for_the_distribution_of_the_real_ones() -> None:
    random = np.random.default_rng(4)
    mixing = random.standard_normal((3, 3))

    def draw(matrix: np.ndarray, shift: float = 0.0) -> tf.Tensor:
        return tf.constant(random.standard_normal((60_000, 3)) @ matrix + shift)

    def score(*fake: object) -> float:
        count = tf.constant(60_000.0, tf.float64)
        return float(energy_score(draw(mixing), draw(*fake), draw(*fake), count))

    uncorrelated = np.diag(np.sqrt(np.diag(mixing.T @ mixing)))
    right = score(mixing)
    assert all(score(*wrong) > right + 0.01 for wrong in [(mixing, 0.3), (1.3 * mixing,)])
    assert score(uncorrelated) > right + 0.003
    assert score(0.7 * mixing) > right + 0.01


def test_first_showers_have_the_mean_showers_shape_and_energy() -> None:
    config = load_config()
    model = dataclasses.replace(config.model, recipe="dense").design
    gan = build_gan(model, config.train, SHAPE)
    random = np.random.default_rng(5)
    mean = np.exp(random.normal(-8, 1, SHAPE))
    mean *= 0.025 / mean.sum()
    start_from_mean(gan.exported, mean)
    energy = random.uniform(10, 100, 500).astype(np.float32)
    noise = random.standard_normal((500, model.noise_dim), np.float32)
    showers = sample_cells_GeV(gan.exported, model, noise, energy, energy * 0 + 1.57)
    parts = (showers / energy[:, None, None, None]).mean(axis=0)
    assert parts.sum() == pytest.approx(0.025, rel=0.1)
    for axes in ((1, 2), (0, 2), (0, 1)):
        np.testing.assert_allclose(parts.sum(axes), mean.sum(axes), rtol=0.2)


def test_views_have_the_size_that_the_discriminator_is_built_for() -> None:
    cells = tf.random.stateless_uniform((2, *SHAPE), (1, 2))
    view = view_shower(cells, tf.constant([[9.0], [8.0]]), 0.01)
    assert tuple(view) == VIEWS
    assert sum(view[name].shape[1] for name in JUDGED) == view_size(SHAPE)
    assert all(np.isfinite(numbers).all() for numbers in view.values())
    blind = view_shower(0 * cells, tf.constant([[9.0], [8.0]]), 0.01)
    assert all(np.isfinite(numbers).all() for numbers in blind.values())


def test_a_showers_shape_depends_on_few_latent_numbers() -> None:
    config = load_config()
    model = dataclasses.replace(config.model, recipe="dense", changes={"cell_noise": False}).design
    gan = build_gan(model, config.train, SHAPE)
    noise = np.random.default_rng(6).standard_normal((3, model.noise_dim), np.float32)
    few = model.shape_noise
    noise[1:] = noise[0]
    noise[1, few:] += 1
    noise[2, few - 1] += 1
    same = np.full(3, 50, np.float32)
    first, beyond, within = sample_cells_GeV(gan.exported, model, noise, same, same * 0 + 1.57)
    np.testing.assert_array_equal(first, beyond)
    assert not np.array_equal(first, within)


def test_with_an_angle_the_generator_gets_energy_and_angle() -> None:
    config = load_config()
    model = dataclasses.replace(config.model, recipe="dense", network="3dgan-51-angle").design
    assert model.noise_dim == model.latent_dim - 2
    gan = build_gan(model, config.train, SHAPE)
    noise = np.ones((2, model.noise_dim), np.float32)
    energy = np.full(2, 50, np.float32)
    one, other = sample_cells_GeV(gan.exported, model, noise, energy, np.array([1.0, 1.5], "f"))
    assert one.shape == SHAPE
    assert not np.array_equal(one, other)
