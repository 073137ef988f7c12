"""The compact generator: any detector's shape, both backends, and it learns what it is shown."""

import dataclasses

import numpy as np
import pytest

from heitler.config import CompactConfig
from heitler.generation.compact import build_compact_form, distil, imitation_loss
from heitler.generation.inference_form import read_form, write_form
from heitler.generation.onnx_backend import onnx_backend, write_onnx
from heitler.generation.rewriting import build_inference_form
from heitler.generation.sampler import (
    EnergyScale,
    Sampler,
    fit_energy_scale,
    load_sampler,
    write_compact,
)
from heitler.generation.tensorflow_backend import tensorflow_backend
from tests.generation.conftest import SHAPE
from tests.generation.trained import build_trained_generator

ENERGIES = np.linspace(10, 100, 40, dtype=np.float32)


@pytest.fixture
def compact(make_config) -> CompactConfig:
    changes = {"channels": 8, "block_cells": 3, "showers": 1600, "batch_size": 16}
    return make_config(compact=changes).compact


@pytest.mark.parametrize("shape", [(25, 25, 25), (9, 9, 7), (13, 11, 31), (51, 51, 25)])
def test_backends_agree_for_every_image_shape(shape, compact, tmp_path):
    form = build_compact_form(16, shape, compact)
    latent = np.random.default_rng(1).standard_normal((3, 16), np.float32)
    write_onnx(tmp_path / "x.onnx", form)
    first, second = tensorflow_backend(form)(latent), onnx_backend(tmp_path / "x.onnx")(latent)
    assert first.shape == (3, *shape)
    assert (first > 0).any()
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-5 * first.max())


def test_a_form_is_read_as_it_was_written(compact, tmp_path):
    form = build_compact_form(16, SHAPE, compact)
    latent = np.random.default_rng(1).standard_normal((3, 16), np.float32)
    write_form(tmp_path / "generator.npz", form)
    again = read_form(tmp_path / "generator.npz")
    np.testing.assert_array_equal(
        tensorflow_backend(form)(latent), tensorflow_backend(again)(latent)
    )
    assert again.multiply_adds == form.multiply_adds


def learn(sampler, compact, showers):
    random = np.random.default_rng(3)

    def draw(count):
        energy = random.uniform(10, 100, count).astype(np.float32)
        theta = random.uniform(1.0, 2.0, count).astype(np.float32)
        return sampler.draw_latent(random, energy, theta), energy / 100

    form = build_compact_form(sampler.design.latent_dim, sampler.image_shape, compact)
    config = dataclasses.replace(compact, showers=showers)
    return distil(sampler.generate_cells, form, draw, config, lambda steps=1, note="": None)


def test_learning_brings_the_showers_nearer_and_is_repeatable(generator_folder, compact):
    sampler = load_sampler(generator_folder)
    latent = sampler.draw_latent(np.random.default_rng(9), ENERGIES, np.ones_like(ENERGIES))
    wanted, energy = sampler.generate_cells(latent), ENERGIES / 100
    losses = []
    for showers in (32, 1600):
        form = learn(sampler, compact, showers)
        losses.append(float(imitation_loss(tensorflow_backend(form)(latent), wanted, energy)))
    assert losses[1] < 0.5 * losses[0]
    first, again = (learn(sampler, compact, 64).matrix.weight for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_it_learns_from_the_network_with_an_angle_too(make_config, compact):
    model = make_config(model={"network": "3dgan-51-angle", "latent_dim": 16}).model.design
    shape = (12, 13, 9)
    weights = build_trained_generator(model, shape).get_weights()
    run = tensorflow_backend(build_inference_form(model, shape, weights))
    full = Sampler(run, model, shape, (10.0, 100.0), "e-")
    latent = full.draw_latent(np.random.default_rng(9), ENERGIES, ENERGIES / 50)
    wanted, energy = full.generate_cells(latent), ENERGIES / 100
    losses = [
        float(imitation_loss(tensorflow_backend(form)(latent), wanted, energy))
        for form in (learn(full, compact, showers) for showers in (32, 1600))
    ]
    assert losses[1] < 0.5 * losses[0]


@pytest.mark.parametrize("backend", ["tensorflow", "onnxruntime"])
def test_a_compact_folder_is_a_generator_with_its_energy_scale(
    backend, generator_folder, compact, tmp_path
):
    full = load_sampler(generator_folder)
    form = build_compact_form(full.design.latent_dim, full.image_shape, compact)
    write_compact(tmp_path / "plain", form, full, EnergyScale())
    write_compact(tmp_path / "scaled", form, full, EnergyScale((10.0, 100.0), (1.0, 2.0)))
    plain, scaled = (
        load_sampler(tmp_path / name, backend).sample(ENERGIES, seed=1, batch_size=16)
        for name in ("plain", "scaled")
    )
    expected = np.interp(ENERGIES, [10, 100], [1, 2])
    np.testing.assert_allclose(scaled, plain * expected[:, None, None, None], rtol=1e-5)
    assert load_sampler(tmp_path / "plain", backend).particle == "gamma"


def test_energy_scale_gives_pairs_of_showers_the_wanted_response():
    random = np.random.default_rng(2)
    energy = random.uniform(10, 100, 4000)
    made = energy * random.normal(0.5, 0.1, 4000)
    wanted = energy * random.normal(0.02, 0.002, 4000) * (1 + energy / 100)
    scale = fit_energy_scale(energy, made, wanted, bins=6)
    corrected = made * scale(energy)
    for low in range(10, 100, 15):
        inside = (energy >= low) & (energy < low + 15)
        ratio = (corrected / energy)[inside].mean() / (wanted / energy)[inside].mean()
        assert ratio == pytest.approx(1, abs=0.03)


def test_energy_scale_leaves_energies_without_deposit_as_they_are():
    energy = np.array([10.0, 11, 90, 91])
    scale = fit_energy_scale(energy, np.array([0.0, 0, 2, 2]), np.array([1.0, 1, 4, 4]), bins=2)
    assert scale.factor == (1.0, pytest.approx(2.0))
