"""A trained generator rewritten for inference: the same function, several times cheaper.

1. Batch norm is linear at inference: its factor moves into the next kernel and its offset into
   the next bias. Zero padding lies between the two, so that bias differs near the faces.
2. Between the dense layer and the first convolution there is no nonlinearity: they become one
   matrix, where that takes fewer multiplications.
3. Upsampling and convolution become one short convolution (`heitler.model.phases`).
4. The last convolution reads the phases as they were made: the largest volume of the network is
   never rearranged.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heitler.design import Design
from heitler.generation.inference_form import (
    Convolution,
    Float,
    InferenceForm,
    Matrix,
    convolve,
    to_cells,
)
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size, output_size
from heitler.model.phases import Grids, fold_axes, fold_kernel, single_cells

Double = NDArray[np.float64]
LATENT_ROWS = 8
"""Rows of the dense matrix that are convolved at once; bounds the memory."""


@dataclass(frozen=True)
class BatchNorm:
    """What inference batch norm does to a channel: scale * x + offset."""

    scale: Double
    offset: Double


def build_inference_form(
    design: Design, image_shape: Size, weights: Sequence[Float]
) -> InferenceForm:
    """Rewrite a generator, given its weights in the order of `keras.Model.weights`."""
    architecture = ARCHITECTURES[design.network]
    base = base_size(architecture.generator, image_shape)
    channels = architecture.base_channels
    slope = design.leaky_relu_slope if architecture.leaky_generator else 0.0
    rest = iter([np.asarray(weight, np.float64) for weight in weights])
    matrix = Matrix(next(rest), next(rest), (*base, channels))
    norm = BatchNorm(np.ones(channels), np.zeros(channels))
    steps: list[Convolution] = []
    for conv in architecture.generator:
        grids = _input_grids(matrix, steps, conv)
        step = _fold(conv, grids, rest, norm, 0.0 if conv.last else slope)
        if conv is architecture.generator[0] and _composing_pays(matrix, step):
            matrix = _compose(matrix, step)
        else:
            steps.append(step)
        norm = _batch_norm(conv, rest, architecture.batch_norm_epsilon)
    steps = [*map(_stay_in_phases, steps[:-1], steps[1:]), steps[-1]]
    made = output_size(architecture.generator, base)
    x, y, z = ((m - wanted) // 2 for m, wanted in zip(made, image_shape, strict=True))
    return InferenceForm(matrix, tuple(steps), (x, y, z), image_shape)


def _input_grids(matrix: Matrix, steps: list[Convolution], conv: Conv) -> Grids:
    """How the convolution is to read its input: phases as they are, or single cells."""
    if not steps:
        return single_cells(matrix.shape[:3])
    made = steps[-1].grids
    if conv.last and conv.pad == (0, 0, 0) and conv.upsample == (1, 1, 1):
        return made
    return single_cells((made[0].size, made[1].size, made[2].size))


def _stay_in_phases(step: Convolution, following: Convolution) -> Convolution:
    reads = tuple(fold.source for fold in following.folds)
    return dataclasses.replace(step, rearrange=reads != step.grids)


def _fold(
    conv: Conv, grids: Grids, weights: Iterator[Double], before: BatchNorm, slope: float
) -> Convolution:
    """One layer of the network with the batch norm before it."""
    kernel = next(weights)  # (kx, ky, kz, C, D)
    bias = next(weights) if conv.bias else np.zeros(conv.filters)
    folds = fold_axes(conv, grids)
    phases = math.prod(fold.result.phases for fold in folds)
    reaching = fold_kernel((kernel * before.offset[:, None]).sum(axis=3, keepdims=True), folds)
    inside = (fold.inside() for fold in folds)
    # What the batch norm's offset adds to each output: less near the faces, where zeros are read.
    added = np.einsum("xu,yv,zw,uvwcd->xyzd", *inside, reaching, optimize=True)
    return Convolution(
        kernel=fold_kernel(kernel * before.scale[:, None], folds),
        bias=np.tile(bias, phases) + (added if before.offset.any() else 0.0),
        slope=slope,
        folds=folds,
    )


def _composing_pays(matrix: Matrix, step: Convolution) -> bool:
    cells = math.prod(grid.size for grid in step.grids)
    composed = len(matrix.weight) * cells * step.filters
    return composed < matrix.multiply_adds + step.multiply_adds


def _compose(matrix: Matrix, step: Convolution) -> Matrix:
    """The convolution of every row of the matrix, and of its bias."""
    rows = np.concatenate([matrix.weight, matrix.bias[None]]).reshape(-1, *matrix.shape)
    parts = (rows[start : start + LATENT_ROWS] for start in range(0, len(rows), LATENT_ROWS))
    convolved = np.concatenate([convolve(part, step) for part in parts])
    convolved[-1] += step.bias
    cells = to_cells(convolved, step.grids)
    flat = cells.reshape(len(cells), -1)
    _, x, y, z, channels = cells.shape
    return Matrix(flat[:-1], flat[-1], (x, y, z, channels), step.slope)


def _batch_norm(conv: Conv, weights: Iterator[Double], epsilon: float) -> BatchNorm:
    if not conv.batch_norm:
        return BatchNorm(np.ones(conv.filters), np.zeros(conv.filters))
    gamma, beta, mean, variance = (next(weights) for _ in range(4))
    scale = gamma / np.sqrt(variance + epsilon)
    return BatchNorm(scale, beta - mean * scale)
