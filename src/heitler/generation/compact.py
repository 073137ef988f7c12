"""Teaching a compact generator to make the showers of a full one.

Both get the same latent vectors; Adam lowers the difference of their cells. [Hinton et al. 2015,
arXiv:1503.02531, for regression.] All terms are of energies over the primary energy, relative to
the full generator's mean over the batch, so that showers of all energies count alike and nearly
empty ones, which an early generator makes, do no harm.

The compact generator: a matrix to coarse blocks, then one convolution that makes their cells.

    latent (N, L) -> features (N, X/b, Y/b, Z/b, C), leaky ReLU -> cells (N, X, Y, Z), ReLU

Each block of b cells a side is made at once from the features of 3 x 3 x 3 blocks: all its cells
are output channels of the convolution, a step of the inference form like any other. So what runs
the full generator runs this one. With b = 5 and C = 48 it has 21 million multiplications per
shower of 25 x 25 x 25 cells; the published network has 255 million, rewritten 72 million.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.base.progress import Advance
from heitler.config import CompactConfig
from heitler.generation.inference_form import Convolution, InferenceForm, Matrix
from heitler.generation.tensorflow_backend import generate_cells
from heitler.model.architectures import Size
from heitler.model.phases import AxisFold, Grid

Tensor: TypeAlias = tf.Tensor
Array = NDArray[np.float32]
Step = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Latent vectors, primary energies, wanted cells -> loss; moves the weights."""
Draw = Callable[[int], tuple[Array, Array]]
"""Number of showers -> latent vectors (N, L) and primary energies (N,) in any unit."""

LEAK = 0.05
"""Slope of the last ReLU in the first half of learning: cells that are empty still learn."""
LONGEST_GRADIENT = 5.0
WARMUP_STEPS = 30
AXES = ((2, 3), (1, 3), (1, 2))
"""Summed over for the profiles along x, y, z."""
TAPS = 3
SLOPE = 0.3
"""Of the leaky ReLU, as in the published network."""
LATENT_RMS = 0.6
"""Root mean square of a latent number: normal noise times energies between 0 and 1 unit."""
WEAK = 0.3
"""Showers are mostly empty cells: a small start is nearer to them."""


@contextlib.contextmanager
def _without_fusing() -> Iterator[None]:
    """Fusing of bias and leaky ReLU fails on the graph of the gradients, loudly."""
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": True})


@_without_fusing()
def distil(
    teacher: Callable[[Array], Array],
    form: InferenceForm,
    draw: Draw,
    config: CompactConfig,
    advance: Advance,
) -> InferenceForm:
    """The form with weights that imitate `teacher`, latent vectors (N, L) -> cells (N, X, Y, Z)."""
    trained, variables = _with_variables(form)
    optimizer = keras.optimizers.Adam(config.learning_rate)
    optimizer.build(variables)
    steps = max(config.showers // config.batch_size, 2)
    for phase, leak in enumerate((LEAK, 0.0)):
        step = _compile_step(_with_last_slope(trained, leak), variables, optimizer)
        for index in range(phase * (steps // 2), steps if phase else steps // 2):
            optimizer.learning_rate.assign(config.learning_rate * _schedule(index, steps))
            latent, energy = draw(config.batch_size)
            loss = step(tf.constant(latent), tf.constant(energy), tf.constant(teacher(latent)))
            advance(config.batch_size, note=f"loss {float(loss):.3f}")
    return _with_arrays(trained)


def imitation_loss(cells: Tensor, wanted: Tensor, energy: Tensor) -> Tensor:
    """Squares of cells, absolute differences of the sum and of the profiles along x, y, z.

    (N, X, Y, Z) twice in cell units, (N,) -> scalar.
    """
    wanted = wanted / energy[:, None, None, None]
    difference = cells / energy[:, None, None, None] - wanted
    per_shower = (1, 2, 3)
    power = tf.reduce_mean(tf.reduce_sum(wanted**2, per_shower))
    total = tf.reduce_mean(tf.reduce_sum(wanted, per_shower))
    squares = tf.reduce_mean(tf.reduce_sum(difference**2, per_shower)) / power
    sums = tf.reduce_mean(tf.abs(tf.reduce_sum(difference, per_shower))) / total
    mean = tf.reduce_mean(difference, axis=0, keepdims=True)
    profiles = tf.add_n([_profile_size(difference, axes) for axes in AXES])
    mean_profiles = tf.add_n([_profile_size(mean, axes) for axes in AXES])
    return squares + 0.5 * sums + (profiles / 6 + mean_profiles / 3) / total


def _profile_size(difference: Tensor, axes: tuple[int, int]) -> Tensor:
    return tf.reduce_mean(tf.reduce_sum(tf.abs(tf.reduce_sum(difference, axes)), axis=1))


def _compile_step(
    form: InferenceForm, variables: list[tf.Variable], optimizer: keras.Optimizer
) -> Step:
    def step(latent: Tensor, energy: Tensor, wanted: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            loss = imitation_loss(generate_cells(form, latent), wanted, energy)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), LONGEST_GRADIENT)
        optimizer.apply(gradients, variables)
        return loss

    compiled: Step = tf.function(step, autograph=False)
    return compiled


def _schedule(index: int, steps: int) -> float:
    """Share of the learning rate: a short rise, then a cosine to zero."""
    return min(1.0, (index + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * index / steps))


def _with_last_slope(form: InferenceForm, slope: float) -> InferenceForm:
    *before, last = form.convolutions
    return dataclasses.replace(form, convolutions=(*before, dataclasses.replace(last, slope=slope)))


def _map_weights(form: InferenceForm, change: Callable[[Any], Any]) -> InferenceForm:
    matrix = form.matrix
    return dataclasses.replace(
        form,
        matrix=dataclasses.replace(matrix, weight=change(matrix.weight), bias=change(matrix.bias)),
        convolutions=tuple(
            dataclasses.replace(step, kernel=change(step.kernel), bias=change(step.bias))
            for step in form.convolutions
        ),
    )


def _weights(form: InferenceForm) -> Iterator[tf.Variable]:
    yield from (form.matrix.weight, form.matrix.bias)
    for step in form.convolutions:
        yield from (step.kernel, step.bias)


def _with_variables(form: InferenceForm) -> tuple[InferenceForm, list[tf.Variable]]:
    trained = _map_weights(form, lambda array: tf.Variable(array, dtype=tf.float32))
    return trained, list(_weights(trained))


def _with_arrays(form: InferenceForm) -> InferenceForm:
    return _map_weights(form, np.asarray)


def build_compact_form(latent_dim: int, image_shape: Size, config: CompactConfig) -> InferenceForm:
    """An untrained compact generator with random weights."""
    random = np.random.default_rng(config.seed)
    x, y, z = (_block_axis(cells, config.block_cells) for cells in image_shape)
    blocks = (x.source.blocks, y.source.blocks, z.source.blocks)
    features, cells = math.prod(blocks) * config.channels, config.block_cells**3
    weight = random.normal(0, 1 / (LATENT_RMS * np.sqrt(latent_dim)), (latent_dim, features))
    fan_in = TAPS**3 * config.channels
    kernel = random.normal(0, WEAK / np.sqrt(fan_in), (TAPS, TAPS, TAPS, config.channels, cells))
    return InferenceForm(
        matrix=Matrix(
            _single(weight), np.zeros(features, np.float32), (*blocks, config.channels), SLOPE
        ),
        convolutions=(
            Convolution(_single(kernel), np.zeros(cells, np.float32), slope=0.0, folds=(x, y, z)),
        ),
        cropped=(0, 0, 0),
        image_shape=image_shape,
    )


def _block_axis(cells: int, per_block: int) -> AxisFold:
    """Cells of a block from the block itself and its neighbours; outside the volume is zero."""
    result = Grid(cells, phases=per_block)
    weight = np.ones((per_block, TAPS, 1, 1))  # every tap reaches every cell
    return AxisFold(weight, -(TAPS // 2), Grid(result.blocks), result)


def _single(array: NDArray[np.float64]) -> NDArray[np.float32]:
    return array.astype(np.float32)
