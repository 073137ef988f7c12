"""Message sizes against the networks themselves."""

import pytest

from heitler.design import Design
from heitler.model.networks import build_discriminator, build_generator, family_of
from heitler.scaling.interconnects import BYTES, LOSSES, cycle_messages_B


def parameter_counts(design: Design, image_shape: tuple[int, int, int]) -> tuple[int, int]:
    return family_of(design).parameter_counts(design, image_shape)


@pytest.mark.parametrize(
    ("network", "latent_dim", "image_shape"),
    [("3dgan-25", 200, (25, 25, 25)), ("3dgan-25", 200, (9, 9, 9))],
)
def test_parameters_are_counted_as_keras_counts_them(network, latent_dim, image_shape, make_config):
    model = make_config(model={"network": network, "latent_dim": latent_dim}).model.design
    built = [build(model, image_shape) for build in (build_discriminator, build_generator)]
    assert parameter_counts(model, image_shape) == tuple(net.count_params() for net in built)


@pytest.mark.parametrize("network", ["3dgan-25", "3dgan-51-angle"])
def test_gradients_of_the_dense_networks_are_counted_as_keras_counts_them(network, make_config):
    model = make_config(model={"network": network, "recipe": "dense"}).model.design
    built = [build(model, (9, 8, 7)) for build in (build_discriminator, build_generator)]
    trained = [sum(v.value.shape.num_elements() for v in net.trainable_variables) for net in built]
    assert parameter_counts(model, (9, 8, 7)) == tuple(trained)


@pytest.mark.parametrize("network", ["3dgan-25", "3dgan-51-angle"])
def test_a_likelihood_needs_one_reduction_of_the_generators_gradients(network, make_config):
    model = make_config(model={"network": network, "recipe": "heitler"}).model.design
    built = build_generator(model, (9, 8, 7))
    trained = sum(v.value.shape.num_elements() for v in built.trainable_variables)
    assert parameter_counts(model, (9, 8, 7)) == (0, trained)
    found = cycle_messages_B(model, (9, 8, 7), generator_updates=2)
    assert found == (BYTES * (trained + LOSSES),)


def test_published_sizes_of_both_networks(make_config):
    assert parameter_counts(make_config().model.design, (25, 25, 25)) == (73_450, 872_948)
    large = make_config(model={"network": "3dgan-51-angle", "latent_dim": 256}).model.design
    assert parameter_counts(large, (51, 51, 25)) == (87_402, 1_365_047)


def test_a_cycle_reduces_d_twice_and_g_as_often_as_it_is_updated(make_config):
    found = cycle_messages_B(make_config().model.design, (25, 25, 25), generator_updates=2)
    d, g = BYTES * (73_450 + LOSSES), BYTES * (872_948 + LOSSES)
    assert found == (d, d, g, g)
