"""Showers sampled between epochs are the network's own, however many are asked for."""

import numpy as np
from tests.conftest import MakeConfig

from heitler.model.gan import SAMPLED_AT_ONCE, sample_cells_GeV
from heitler.model.networks import build_generator


def test_sampling_in_parts_gives_the_showers_of_the_whole(make_config: MakeConfig) -> None:
    model = make_config(model={"latent_dim": 16}).model.design
    generator = build_generator(model, (9, 9, 7))
    random = np.random.default_rng(1)
    noise = random.standard_normal((SAMPLED_AT_ONCE + 7, 16), np.float32)
    energy_GeV = random.uniform(10, 100, len(noise)).astype(np.float32)
    sampled = sample_cells_GeV(generator, model, noise, energy_GeV, np.ones_like(energy_GeV))
    latent = noise * energy_GeV[:, None] / model.energy_unit_GeV
    whole = np.asarray(generator(latent, training=False))[..., 0] * model.cell_unit_GeV
    assert sampled.shape == (SAMPLED_AT_ONCE + 7, 9, 9, 7)
    np.testing.assert_allclose(sampled, whole, rtol=0, atol=1e-5 * whole.max())
    assert whole.max() > 0


def test_no_showers_are_no_error(make_config: MakeConfig) -> None:
    """A worker may have none, where there are more workers than validation showers."""
    model = make_config(model={"latent_dim": 16}).model.design
    none = np.empty(0, np.float32)
    cells = sample_cells_GeV(
        build_generator(model, (9, 9, 7)), model, np.empty((0, 16), np.float32), none, none
    )
    assert cells.shape == (0, 9, 9, 7)
