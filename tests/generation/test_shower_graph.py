"""A generator of the recipe `heitler` in its folder: every backend makes the same showers."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from heitler.config import load_config
from heitler.generation.sampler import load_sampler, write_generator
from heitler.model.gan import build_gan

SHAPE = (9, 8, 7)
ABOUT = {"energy_min_GeV": 10.0, "energy_max_GeV": 100.0, "particle": "e-"}


@pytest.fixture(scope="module", params=["3dgan-25", "3dgan-51-angle"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = load_config()
    model = dataclasses.replace(
        config.model, recipe="dense", network=request.param, latent_dim=24
    ).design
    gan = build_gan(model, config.train, SHAPE)
    random = np.random.default_rng(6)
    for variable in gan.exported.trainable_variables:
        variable.assign(variable + random.normal(0, 0.1, variable.shape))
    path = tmp_path_factory.mktemp(request.param)
    write_generator(path, gan, ABOUT)
    return path


def assert_same_showers(one: np.ndarray, other: np.ndarray) -> None:
    """Up to rounding, which the noise amplifies in the few cells whose number is next to 0 or 1."""
    off = ~np.isclose(one, other, rtol=2e-3, atol=1e-6 * one.max())
    assert off.mean() < 5e-4
    np.testing.assert_allclose(one, other, rtol=0.1, atol=1e-2 * one.max())
    np.testing.assert_allclose(one.sum(axis=(1, 2, 3)), other.sum(axis=(1, 2, 3)), rtol=1e-3)


def test_onnx_runtime_makes_the_showers_of_tensorflow(folder: Path) -> None:
    energy = np.linspace(10, 100, 50, dtype=np.float32)
    theta = np.linspace(1.0, 1.6, 50, dtype=np.float32)
    plain, onnx = (
        load_sampler(folder, backend).sample(energy, theta, seed=3, batch_size=16)
        for backend in ("tensorflow", "onnxruntime")
    )
    assert plain.sum() > 0
    assert_same_showers(onnx, plain)


def test_showers_do_not_depend_on_the_batch_size(folder: Path) -> None:
    energy = np.linspace(10, 100, 20, dtype=np.float32)
    sampler = load_sampler(folder)
    one, other = (sampler.sample(energy, seed=3, batch_size=size) for size in (1, 20))
    assert_same_showers(one, other)
