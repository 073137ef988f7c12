"""The rewritten generator is the same function, for any detector and both networks."""

import keras
import numpy as np
import pytest

from heitler.design import Design
from heitler.generation.onnx_backend import onnx_backend, write_onnx
from heitler.generation.rewriting import build_inference_form
from heitler.generation.tensorflow_backend import tensorflow_backend
from heitler.model.architectures import Size
from heitler.model.networks import build_generator
from tests.generation.trained import build_trained_generator

CASES = (
    ("3dgan-25", 200, (25, 25, 25)),
    ("3dgan-25", 16, (9, 9, 7)),
    ("3dgan-25", 16, (13, 11, 31)),
    ("3dgan-51-angle", 256, (51, 51, 25)),
    ("3dgan-51-angle", 16, (12, 13, 9)),
)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'x'.join(map(str, case[2]))}")
def generator(request, make_config):
    """A Keras generator with its parameters, and latent vectors for it."""
    network, latent_dim, shape = request.param
    model = make_config(model={"network": network, "latent_dim": latent_dim}).model.design
    latent = np.random.default_rng(7).standard_normal((2, latent_dim)).astype(np.float32)
    return build_trained_generator(model, shape), model, shape, latent


def in_double_precision(generator: keras.Model, model: Design, shape: Size) -> keras.Model:
    """The same network and weights, without the rounding of single precision."""
    keras.config.set_floatx("float64")
    try:
        double = build_generator(model, shape)
    finally:
        keras.config.set_floatx("float32")
    double.set_weights(generator.get_weights())
    return double


def test_backends_give_the_showers_of_the_keras_model(generator, tmp_path):
    keras_model, model, shape, latent = generator
    exact = np.asarray(in_double_precision(keras_model, model, shape)(latent))[..., 0]
    form = build_inference_form(model, shape, keras_model.get_weights())
    write_onnx(tmp_path / "generator.onnx", form)
    for backend in (tensorflow_backend(form), onnx_backend(tmp_path / "generator.onnx")):
        cells = backend(latent)
        assert cells.shape == (2, *shape)
        assert np.abs(cells - exact).max() < 1e-5 * exact.max()
        assert ((cells > 0) == (exact > 0)).mean() > 0.999
