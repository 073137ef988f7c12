"""The networks are the published ones, and adapt to other detectors."""

import dataclasses

import numpy as np
import pytest

from heitler.config import ConfigError, changed, load_config
from heitler.design import Design
from heitler.model.networks import build_discriminator, build_generator

SECTION = load_config().model
MODEL = SECTION.design
ANGLE = dataclasses.replace(SECTION, network="3dgan-51-angle", latent_dim=256).design


@pytest.mark.parametrize(
    ("model", "shape", "generator", "discriminator"),
    [(MODEL, (25, 25, 25), 872_948, 73_450), (ANGLE, (51, 51, 25), 1_365_047, 87_402)],
)
def test_parameter_counts_are_the_published_ones(
    model: Design, shape: tuple[int, int, int], generator: int, discriminator: int
) -> None:
    assert build_generator(model, shape).count_params() == generator
    assert build_discriminator(model, shape).count_params() == discriminator


@pytest.mark.parametrize("model", [MODEL, ANGLE])
@pytest.mark.parametrize("shape", [(25, 25, 25), (51, 51, 25), (31, 31, 17), (24, 24, 40)])
def test_networks_take_the_shape_of_any_detector(
    model: Design, shape: tuple[int, int, int]
) -> None:
    assert build_generator(model, shape).output_shape == (None, *shape, 1)
    assert build_discriminator(model, shape).input_shape == (None, *shape, 1)


QUICK = dataclasses.replace(SECTION, changes={"networks": "quick"}).design


@pytest.mark.parametrize("shape", [(25, 25, 25), (51, 51, 25), (9, 9, 9)])
def test_quick_networks_have_the_published_inputs_and_heads(shape: tuple[int, int, int]) -> None:
    generator, discriminator = build_generator(QUICK, shape), build_discriminator(QUICK, shape)
    assert generator.input_shape == (None, MODEL.latent_dim)
    assert generator.output_shape == discriminator.input_shape == (None, *shape, 1)
    assert discriminator.output_shape == [(None, 1), (None, 1)]
    assert sum("batch_norm" in layer.name for layer in generator.layers) == 2


@pytest.mark.parametrize("networks", ["published", "quick"])
def test_a_generator_without_batch_norm_has_none(networks: str) -> None:
    changes: dict[str, str | float | bool] = {"networks": networks, "generator_norm": "none"}
    model = dataclasses.replace(SECTION, changes=changes).design
    layers = build_generator(model, (25, 25, 25)).layers
    assert not any("batch_norm" in layer.name for layer in layers)


@pytest.mark.parametrize(
    "change",
    [
        {"avraging": 0.9},
        {"energy": "added"},
        {"channels": 0},
        {"channels": 12.5},
        {"layers_seen": -1},
        {"averaging": 1.0},
        {"networks": "dense"},
        {"networks": "quick", "start": "measured"},
        {"score_weight": -0.1},
    ],
)
def test_a_change_that_no_recipe_knows_is_refused(change: dict[str, str | float | bool]) -> None:
    with pytest.raises(ConfigError, match=rf"model.changes.*{next(iter(change))}"):
        changed(SECTION, "model", {"changes": change}, where="params.yaml")


def test_generated_cells_are_never_negative_and_may_be_empty() -> None:
    generator = build_generator(MODEL, (25, 25, 25))
    latent = np.random.default_rng(1).standard_normal((4, 200), dtype=np.float32)
    cells = np.asarray(generator(latent))
    assert cells.min() == 0
    assert cells.max() > 0


def test_too_small_an_image_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"image of \(3, 3, 3\) cells is too small"):
        build_discriminator(MODEL, (3, 3, 3))


def test_latent_without_room_for_noise_is_refused() -> None:
    with pytest.raises(ConfigError, match="no room for noise"):
        changed(SECTION, "model", {"network": ANGLE.network, "latent_dim": 2}, where="here")
