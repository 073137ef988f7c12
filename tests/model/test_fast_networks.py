"""Fast and plain networks are the same networks: weights, losses and gradients.

Judged against the plain network in double precision: two float32 forms may differ from each
other by more than either differs from the truth. Rounding now and then moves a cell over the
kink of a ReLU, which changes gradients a thousand times more than rounding elsewhere does; so
each form is judged by the closest of several draws of weights and events.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from heitler.config import ModelConfig, load_config
from heitler.model.gan import Gan, build_gan
from heitler.model.losses import absolute_percentage_error, binary_cross_entropy

CONFIG = load_config()
BY_NAME = {
    "3dgan-25": (dataclasses.replace(CONFIG.model, dropout=0.0), (25, 25, 25)),
    "3dgan-25, other detector": (dataclasses.replace(CONFIG.model, dropout=0.0), (17, 14, 21)),
    "3dgan-51-angle": (
        dataclasses.replace(
            CONFIG.model, dropout=0.0, network="3dgan-51-angle", latent_dim=16, kernels="fast"
        ),
        (21, 22, 19),
    ),
}
EVENTS = 2
DRAWS = 4
Values = dict[str, np.ndarray]
Weights = list[list[np.ndarray]]


@pytest.fixture(autouse=True)
def restore_precision() -> Iterator[None]:
    yield
    set_precision("float32")


def set_precision(name: str) -> None:
    keras.config.set_floatx(name)
    keras.config.set_dtype_policy(name)


def build(model: ModelConfig, shape: tuple[int, int, int], kernels: str) -> Gan:
    model = dataclasses.replace(model, kernels=kernels)
    return build_gan(model.design, CONFIG.train, shape)


def random_weights(gan: Gan, draw: int) -> Weights:
    """As initialised, with biases: at 0 every empty cell sits on the kink of LeakyReLU."""
    random = np.random.default_rng([4, draw])
    return [
        [
            weight + random.normal(0, 0.05, weight.shape) * (weight.ndim == 1) * (weight != 1)
            for weight in network.get_weights()
        ]
        for network in (gan.generator, gan.discriminator)
    ]


def showers(shape: tuple[int, int, int], draw: int) -> np.ndarray:
    """Sparse images in units of `cell_unit_GeV`, a third of the cells hit: (EVENTS, ..., 1)."""
    random = np.random.default_rng([5, draw])
    hit = random.uniform(size=(EVENTS, *shape, 1)) < 0.3
    return hit * random.gamma(0.4, 0.5, (EVENTS, *shape, 1))


def losses_and_gradients(gan: Gan, weights: Weights, draw: int) -> tuple[Values, Values]:
    """Of the discriminator on real showers, and of the generator, as in training."""
    gan.generator.set_weights(weights[0])
    gan.discriminator.set_weights(weights[1])
    random = np.random.default_rng([6, draw])
    latent = tf.constant(
        random.standard_normal((EVENTS, gan.design.latent_dim)), keras.config.floatx()
    )
    energy = tf.constant(random.uniform(0.1, 1, (EVENTS, 1)), latent.dtype)
    real = tf.constant(showers(gan.image_shape, draw), latent.dtype)
    losses, gradients = {}, {}
    for name, network, cells in (
        ("discriminator", gan.discriminator, lambda: real),
        ("generator", gan.generator, lambda: gan.generator(latent, training=True)),
    ):
        with tf.GradientTape() as tape:
            heads = gan.heads(cells(), training=True)
            label = tf.ones_like(energy)
            losses[name] = 6 * binary_cross_entropy(label, heads["real_fake"], EVENTS)
            for head in ("primary_energy", "ecal_sum"):
                target = energy * (1 if head == "primary_energy" else 200)
                losses[name] += 0.1 * absolute_percentage_error(target, heads[head], EVENTS)
        values = tape.gradient(losses[name], [v.value for v in network.trainable_variables])
        for variable, value in zip(network.trainable_variables, values, strict=True):
            gradients[f"{name}: {variable.path}"] = value.numpy()
    return {name: loss.numpy() for name, loss in losses.items()}, gradients


def distance(value: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(value - reference) / np.linalg.norm(reference))


def closest(
    gan: Gan, weights: list[Weights], truth: list[tuple[Values, Values]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Smallest relative distance from the truth over all draws: of losses, of gradients."""
    made = [losses_and_gradients(gan, drawn, draw) for draw, drawn in enumerate(weights)]
    losses, gradients = (
        {
            name: min(
                distance(m[kind][name], t[kind][name]) for m, t in zip(made, truth, strict=True)
            )
            for name in truth[0][kind]
        }
        for kind in (0, 1)
    )
    return losses, gradients


@pytest.mark.parametrize("case", BY_NAME)
def test_no_gradient_is_farther_from_double_precision_than_the_plain_one(case: str) -> None:
    set_precision("float64")
    reference = build(*BY_NAME[case], "plain")
    weights = [random_weights(reference, draw) for draw in range(DRAWS)]
    truth = [losses_and_gradients(reference, drawn, draw) for draw, drawn in enumerate(weights)]
    set_precision("float32")
    plain_losses, plain = closest(build(*BY_NAME[case], "plain"), weights, truth)
    fast_losses, fast = closest(build(*BY_NAME[case], "fast"), weights, truth)
    assert len(plain) == len(fast) == len(truth[0][1]) > 30
    for name, error in fast_losses.items():
        assert error <= max(1e-5, 1.5 * plain_losses[name]), name
    for name, error in fast.items():
        assert plain[name] < 0.02, f"no fair reference for {name}"
        assert error <= 1.5 * plain[name] + 1e-6, name


@pytest.mark.parametrize("case", BY_NAME)
def test_same_seed_gives_the_same_networks_in_both_forms(case: str) -> None:
    plain, fast = (build(*BY_NAME[case], kernels).variables() for kernels in ("plain", "fast"))
    assert plain.keys() == fast.keys()
    for name, variable in plain.items():
        assert np.array_equal(variable, fast[name]), name


def test_saved_fast_generator_loads_in_safe_mode_and_computes_the_same(tmp_path: Path) -> None:
    generator = build(*BY_NAME["3dgan-25"], "fast").generator
    generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", safe_mode=True)
    latent = np.random.default_rng(1).standard_normal((2, 200), dtype=np.float32)
    assert np.array_equal(loaded(latent), generator(latent))
