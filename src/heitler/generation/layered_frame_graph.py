"""Where cells lie, seen from the shower's axis, in the ONNX graph of the layered generator.

As `heitler.model.layered.frame`, for all layers at once. Without angles all of it is constant, and
ONNX Runtime works it out once, when it loads the graph.
"""

from typing import NamedTuple

import numpy as np

from heitler.generation.layered_graph_weights import GraphWeights
from heitler.generation.operations import Operations, Value
from heitler.model.layered.sizes import RADII, RINGS, TURNS


class Frame(NamedTuple):
    """Of F showers (N, or 1 without angles), with T tiles; phases are places in a tile."""

    basis: str
    """(F, Z, phases x (R + 1), T): weights of the nodes `RADII`, then 1 for what is no cell."""
    place: str
    """(F, Z, channels, X, Y): what the convolutions are told of it, on the even image."""
    rings: str
    """(F, Z, phases x T, rings): 1 where a cell lies in the ring."""


def add_frame(op: Operations, weights: GraphWeights, theta: str | None) -> Frame:
    """From angles (N, 1) in rad, if showers have any."""
    layers, tiles, nodes = weights.sizes.layers, weights.tiles, np.array(RADII)
    cot: Value = (
        op.reshape(op("Reciprocal", op("Tan", theta)), -1, 1, 1) if theta else np.zeros((1, 1, 1))
    )
    cells = weights.cell_of_tile[weights.phases].ravel()
    distance = _distance(op, weights, cot, cells)  # (F, Z, phases x T)
    clipped = op("Min", op("Unsqueeze", distance, np.array([2])), nodes[-1])
    low = np.concatenate([[-1.0], nodes[:-1]])
    high = np.concatenate([nodes[1:], [nodes[-1] + 1.0]])
    rising, falling = (
        op("Div", op("Sub", *pair), width[:, None])
        for pair, width in (
            ((clipped, low[:, None]), nodes - low),
            ((high[:, None], clipped), high - nodes),
        )
    )
    basis = op("Relu", op("Min", rising, falling))  # (F, Z, R, phases x T)
    inside = (cells >= 0).astype(float)
    outside = op(
        "Sub", 1.0 - inside, op("Mul", op("Slice", basis, *map(np.array, ([0], [1], [2]))), 0.0)
    )
    extended = op("Concat", op("Mul", basis, inside), outside, axis=2)
    extended = op.reshape(extended, 0, layers, len(nodes) + 1, TURNS, tiles)
    by_phase = op("Transpose", extended, perm=[0, 1, 3, 2, 4])
    return Frame(
        op.reshape(by_phase, 0, layers, -1, tiles),
        _place(op, weights, basis),
        _rings(op, distance),
    )


def _distance(op: Operations, weights: GraphWeights, cot: Value, cells: np.ndarray) -> str:
    squares = []
    for side, own in enumerate(np.divmod(cells, weights.sizes.image_shape[1])):
        start, slope = (weights.axis[side, k][:, None] for k in range(2))
        offset = op("Sub", own.astype(float), op("Add", op("Mul", cot, slope), start))
        squares.append(op("Mul", offset, offset))
    return op("Sqrt", op("Add", *squares))


def _place(op: Operations, weights: GraphWeights, basis: str) -> str:
    kernel, bias = weights.layer("cell_level/place")
    rows, columns = weights.tiles_xy
    said = op("Add", op("MatMul", kernel.T, basis), bias[:, None])
    shape = (-1, len(bias), 2, 2, rows, columns)
    image = op("Transpose", op.reshape(said, *shape), perm=[0, 1, 4, 2, 5, 3])
    return op.reshape(image, -1, weights.sizes.layers, len(bias), 2 * rows, 2 * columns)


def _rings(op: Operations, distance: str) -> str:
    """1 from the ring's begin on, less that of the next."""
    beyond = op("GreaterOrEqual", op("Unsqueeze", distance, np.array([3])), np.array(RINGS))
    steps = np.eye(len(RINGS)) - np.eye(len(RINGS), k=-1)
    return op("MatMul", op("Cast", beyond, to=1), steps)
