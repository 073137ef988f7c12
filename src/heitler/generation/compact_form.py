"""The compact generator: a matrix to coarse blocks, then one convolution that makes their cells.

    latent (N, L) -> features (N, X/b, Y/b, Z/b, C), leaky ReLU -> cells (N, X, Y, Z), ReLU

Each block of b cells a side is made at once from the features of 3 x 3 x 3 blocks: all its cells
are output channels of the convolution, a step of the inference form like any other. So what runs
the full generator runs this one. With b = 5 and C = 48 it has 21 million multiplications per
shower of 25 x 25 x 25 cells; the published network has 255 million, rewritten 72 million.
"""

import math

import numpy as np
from numpy.typing import NDArray

from heitler.config import CompactConfig
from heitler.generation.inference_form import Convolution, InferenceForm, Matrix
from heitler.model.architectures import Size
from heitler.model.phases import AxisFold, Grid

TAPS = 3
SLOPE = 0.3
"""Of the leaky ReLU, as in the published network."""
LATENT_RMS = 0.6
"""Root mean square of a latent number: normal noise times energies between 0 and 1 unit."""
WEAK = 0.3
"""Showers are mostly empty cells: a small start is nearer to them."""


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
