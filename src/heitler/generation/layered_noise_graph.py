"""Random numbers of the layered generator in an ONNX graph, as `heitler.model.layered.noise`.

All are made at once, in the order in which the layers take them, and as far as possible made into
what they are needed as.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heitler.generation.layered_graph_weights import GraphWeights
from heitler.generation.operations import Operations
from heitler.model.layered.drawing import numbers_per_layer
from heitler.model.layered.hits import DRAWS, draw_cells, draw_steps
from heitler.model.layered.layer_level import NUMBERS
from heitler.model.layered.mixtures import SMALLEST
from heitler.model.layered.noise import (
    FACTORS,
    GOLDEN,
    HASHED,
    LOST_BITS,
    SHIFTS,
    STARTS,
    STEPS_PER_UNIT,
)
from heitler.model.layered.sizes import TURNS


class LayerNumbers(NamedTuple):
    """For N showers, Z layers, and T tiles."""

    cells: str
    """(N, Z, (H + 2) TURNS, T): logistic numbers of H draws of a turn's hits, uniform ones and
    those of `_normal_part`; each turn by turn."""
    layer: str
    """(N, Z, 4 + 4 x 3): twice a uniform number and that of `_normal_part`; then twice the same for
    every turn but the last."""


def add_numbers(op: Operations, noise: str, noise_dim: int, weights: GraphWeights) -> LayerNumbers:
    """From latent noise (N, noise_dim)."""
    words = _latent_words(op, noise, min(noise_dim, HASHED))
    layers, turns = weights.sizes.layers, TURNS - 1
    of_cells = _uniform(op, words, _cell_counters(weights))
    shape = (0, layers, 3 * TURNS, weights.tiles)
    hit, choice, energy = op.parts(op.reshape(of_cells, *shape), [TURNS] * 3, axis=2)
    hit = op("Gather", op.reshape(hit, 0, layers, -1), _hit_tiles(weights), axis=2)
    hit = op("Add", hit, draw_steps())
    hit = op("Max", op("Sub", hit, op("Floor", hit)), SMALLEST)
    logistic = op("Sub", op("Log", hit), op("Log", op("Sub", 1.0, hit)))
    logistic = op.reshape(logistic, 0, layers, -1, weights.tiles)
    normal = op("Mul", _normal_part(op, energy), weights.place_per_deviate)
    of_layer = op.reshape(_uniform(op, words, _layer_counters(weights)), 0, layers, -1)
    split = [1] * NUMBERS + [turns] * 4
    parts = op.parts(of_layer, split, axis=2)
    drawn = [_normal_part(op, part) if odd % 2 else part for odd, part in enumerate(parts)]
    return LayerNumbers(
        op("Concat", logistic, choice, normal, axis=2),
        op("Concat", *drawn, axis=2),
    )


def _normal_part(op: Operations, uniform: str) -> str:
    """sqrt(2) cos(2 pi u): times sqrt(-log v) it is normal (Box and Muller 1958)."""
    return op("Mul", op("Cos", op("Mul", uniform, 2 * math.pi)), math.sqrt(2))


def _cell_counters(weights: GraphWeights) -> NDArray[np.int64]:
    """Which number each cell of each turn takes: (Z, 3, TURNS, T); any where there is no cell."""
    sizes = weights.sizes
    kind = np.arange(3)[:, None, None] * sizes.cells
    cell = np.maximum(weights.cell_of_tile, 0)[None]
    layer = np.arange(sizes.layers)[:, None, None, None] * numbers_per_layer(sizes)
    return np.asarray(layer + kind + cell)


def _hit_tiles(weights: GraphWeights) -> NDArray[np.int64]:
    """As `draw_cells`, of tiles of all turns: (TURNS, H, T); any where there is no cell."""
    tiles = np.zeros((TURNS, DRAWS, weights.tiles), np.int64)
    for turn, cells in enumerate(weights.cell_of_tile):
        own = np.flatnonzero(cells >= 0)
        tiles[turn][:, own] = turn * weights.tiles + own[draw_cells(len(own))]
    return tiles


def _layer_counters(weights: GraphWeights) -> NDArray[np.int64]:
    sizes = weights.sizes
    first = 3 * sizes.cells
    layer = np.arange(sizes.layers)[:, None] * numbers_per_layer(sizes)
    return np.asarray(layer + np.arange(first, numbers_per_layer(sizes)))


def _latent_words(op: Operations, noise: str, count: int) -> list[str]:
    """Two words (N, 1) of 32 bits."""
    hashed = op("Slice", noise, np.array([0]), np.array([count]), np.array([1]))
    steps = op("Cast", op("Floor", op("Mul", hashed, STEPS_PER_UNIT)), to=7)  # int64
    steps = op("Cast", op("BitwiseAnd", steps, np.array(0xFFFFFFFF, np.int64)), to=12)  # uint32
    word: str | NDArray[Any] = np.array([STARTS], np.uint32)
    for step in op.parts(steps, [1] * count, axis=1):
        word = _mix(op, op("BitwiseXor", word, step))
    return op.parts(str(word), [1, 1], axis=1)


def _uniform(op: Operations, words: list[str], numbers: NDArray[np.int64]) -> str:
    """The uniform numbers of which the places are given: (N, all of them)."""
    counter = ((numbers.ravel().astype(np.uint64) + 1) * GOLDEN % 2**32).astype(np.uint32)
    mixed = op("Add", _mix(op, op("BitwiseXor", words[0], counter[None])), words[1])
    mantissa = _shift(op, _mix(op, mixed), LOST_BITS)
    whole = op("Cast", op("Cast", mantissa, to=6), to=1)  # int32, float
    return op("Mul", op("Add", whole, 0.5), 2.0 ** (LOST_BITS - 32))


def _mix(op: Operations, word: str) -> str:
    for shift, factor in zip(SHIFTS, (*FACTORS, None), strict=True):
        word = op("BitwiseXor", word, _shift(op, word, shift))
        word = word if factor is None else op("Mul", word, np.array(factor, np.uint32))
    return word


def _shift(op: Operations, word: str, bits: int) -> str:
    return op("BitShift", word, np.array(bits, np.uint32), direction="RIGHT")
