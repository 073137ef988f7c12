"""A small trained generator in a folder, as the train stage leaves it."""

from pathlib import Path

import pytest

from heitler.generation.sampler import write_generator
from heitler.model.gan import build_gan
from tests.conftest import MakeConfig
from tests.generation.trained import build_trained_generator

SHAPE = (9, 9, 7)
ABOUT = {"energy_min_GeV": 10.0, "energy_max_GeV": 100.0, "particle": "gamma"}


@pytest.fixture(scope="session")
def generator_folder(tmp_path_factory: pytest.TempPathFactory, make_config: MakeConfig) -> Path:
    """Written by `write_generator`; its showers are random but not empty."""
    config = make_config(model={"latent_dim": 16})
    gan = build_gan(config.model.design, config.train, SHAPE)
    gan.generator.set_weights(build_trained_generator(config.model.design, SHAPE).get_weights())
    folder = tmp_path_factory.mktemp("generator")
    write_generator(folder, gan, ABOUT)
    return folder
