"""Every fast layer computes what Keras's layers compute, from the same weights."""

from collections.abc import Sequence

import keras
import numpy as np
import pytest
import tensorflow as tf

from heitler.model.batch_norm import FastBatchNormalization
from heitler.model.convolutions import FoldedUpsamplingConv3D, ImageConv3D, PaddedConv3D
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.spectral import SpectralConv3D

Size = tuple[int, int, int]
layers = keras.layers


def results(model: keras.Model, x: np.ndarray, upstream: np.ndarray) -> list[np.ndarray]:
    """Output in training mode and gradients with respect to the input and all weights."""
    cells = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(cells)
        made = model(cells, training=True)
    weights = [weight.value for weight in model.trainable_variables]
    return [made.numpy(), *(g.numpy() for g in tape.gradient(made, [cells, *weights], upstream))]


def assert_same(
    fast: keras.layers.Layer,
    plain: Sequence[keras.layers.Layer],
    shape: tuple[int, int, int, int],
    dtype: str,
    tolerance: float,
) -> tuple[keras.Model, keras.Model]:
    """Compare on three random events, with random weights given from plain to fast."""
    random = np.random.default_rng(2)
    models = [
        keras.Sequential([keras.Input(shape, dtype=dtype), *form]) for form in (plain, [fast])
    ]
    weights = [random.uniform(0.5, 1.5, w.shape) for w in models[0].get_weights()]
    for model in models:
        model.set_weights(weights)
    x = random.standard_normal((3, *shape)).astype(dtype)
    upstream = random.standard_normal((3, *models[0].output_shape[1:])).astype(dtype)
    expected, computed = (results(model, x, upstream) for model in models)
    for value, other in zip(expected, computed, strict=True):
        np.testing.assert_allclose(other, value, rtol=0, atol=tolerance * np.abs(value).max())
    return models[0], models[1]


def plain_convolution(
    filters: int, kernel: Size, pad: Size | None, upsample: Size = (1, 1, 1)
) -> list[keras.layers.Layer]:
    """The layers that a `PaddedConv3D` stands for, in double precision."""
    padding = [layers.ZeroPadding3D(pad, dtype="float64")] if pad else []
    same = "valid" if pad else "same"
    convolution = layers.Conv3D(filters, kernel, padding=same, dtype="float64")
    return [layers.UpSampling3D(upsample, dtype="float64"), *padding, convolution]


@pytest.mark.parametrize(
    ("form", "kernel", "pad", "upsample", "shape"),
    [
        (FoldedUpsamplingConv3D, (6, 5, 8), (2, 2, 0), (2, 2, 2), (7, 7, 8, 3)),
        (FoldedUpsamplingConv3D, (3, 3, 8), (1, 0, 3), (2, 2, 3), (5, 6, 4, 2)),
        (FoldedUpsamplingConv3D, (6, 6, 8), (0, 0, 0), (6, 6, 6), (3, 2, 4, 2)),
        (FoldedUpsamplingConv3D, (4, 3, 2), None, (1, 3, 2), (5, 3, 4, 1)),
        (SpectralConv3D, (5, 5, 5), (2, 2, 2), (1, 1, 1), (6, 7, 9, 2)),
        (SpectralConv3D, (5, 5, 5), (1, 1, 1), (1, 1, 1), (6, 7, 8, 3)),
        (SpectralConv3D, (5, 6, 6), (0, 0, 1), (1, 1, 1), (7, 8, 11, 2)),
        (SpectralConv3D, (3, 2, 6), None, (1, 1, 1), (5, 4, 10, 2)),
        (ImageConv3D, (5, 5, 5), None, (1, 1, 1), (6, 7, 8, 1)),
        (ImageConv3D, (5, 6, 6), None, (1, 1, 1), (9, 8, 7, 1)),
        (ImageConv3D, (3, 2, 4), (0, 3, 1), (1, 1, 1), (5, 4, 6, 1)),
    ],
)
def test_convolution_is_that_of_keras(
    form: type[PaddedConv3D],
    kernel: Size,
    pad: Size | None,
    upsample: Size,
    shape: tuple[int, int, int, int],
) -> None:
    fast = form(4, kernel, pad, upsample, dtype="float64")
    assert_same(fast, plain_convolution(4, kernel, pad, upsample), shape, "float64", 1e-13)


@pytest.mark.parametrize("epsilon", [1e-3, 1e-6])
def test_batch_norm_is_that_of_keras(epsilon: float) -> None:
    plain = layers.BatchNormalization(epsilon=epsilon)
    fast = FastBatchNormalization(epsilon=epsilon)
    models = assert_same(fast, [plain], (5, 6, 7, 4), "float32", 3e-6)
    for moved, expected in zip(models[1].get_weights(), models[0].get_weights(), strict=True):
        np.testing.assert_allclose(moved, expected, rtol=1e-6)
    x = np.random.default_rng(3).standard_normal((2, 5, 6, 7, 4), dtype=np.float32)
    expected, computed = (np.asarray(model(x, training=False)) for model in models)
    np.testing.assert_allclose(computed, expected, atol=1e-6)


def test_batch_norm_in_double_precision_is_keras_own() -> None:
    plain = layers.BatchNormalization(dtype="float64")
    fast = FastBatchNormalization(dtype="float64")
    assert_same(fast, [plain], (3, 4, 5, 2), "float64", 0)


def masked(layer: KeyedDropout, key: tuple[int, int, int], x: tf.Tensor) -> np.ndarray:
    layer.set_key(*key)
    return np.asarray(layer(x, training=True))


def test_dropout_masks_are_a_function_of_the_key_alone() -> None:
    layer, x = KeyedDropout(0.2), tf.ones((2, 3, 5, 7, 9))
    first = masked(layer, (5, 7, 9), x)
    assert np.array_equal(first, masked(layer, (5, 7, 9), x))
    for key in ((6, 7, 9), (5, 8, 9), (5, 7, 11)):
        assert np.mean(first != masked(layer, key, x)) == pytest.approx(0.32, abs=0.05)


@pytest.mark.parametrize("shape", [(4, 4, 4, 8), (3, 5, 7)])
def test_dropout_masks_belong_to_places_in_the_global_batch(shape: tuple[int, ...]) -> None:
    layer = KeyedDropout(0.2)
    whole = masked(layer, (5, 7, 0), tf.ones((11, *shape)))
    parts = [masked(layer, (5, 7, first), tf.ones((n, *shape))) for first, n in ((0, 4), (4, 7))]
    assert np.array_equal(np.concatenate(parts), whole)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    layer, x = KeyedDropout(0.2), tf.ones((8, 50, 50, 50))
    made = masked(layer, (1, 2, 3), x)
    assert np.mean(made == 0) == pytest.approx(0.2, abs=0.002)  # 5 standard deviations
    assert set(np.unique(made)) == {np.float32(0), np.float32(1 / (1 - 13107 / 65536))}
    neighbours = np.corrcoef(made.ravel()[:-1], made.ravel()[1:])[0, 1]
    assert abs(neighbours) < 0.005


def test_dropped_cells_have_no_gradient() -> None:
    layer, x = KeyedDropout(0.3), tf.ones((2, 9, 3))
    layer.set_key(3, 4, 0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        made = layer(x, training=True)
    assert np.array_equal(tape.gradient(made, x), made)


def test_dropout_is_off_outside_training() -> None:
    x = np.ones((2, 3), np.float32)
    assert np.array_equal(KeyedDropout(0.2)(x, training=False), x)
