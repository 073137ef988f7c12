"""Which cells of a turn are hit, in the ONNX graph: as `heitler.model.layered.hits`."""

import numpy as np

from heitler.generation.operations import Operations
from heitler.model.layered.hits import EDGE, FIRST, LARGEST_STEP, LEAST_SPREAD, SURE
from heitler.model.layered.mixtures import SMALLEST

ABOVE_ALL = 1e30
STEEP = 1e6
"""Slope of the step at `SURE`."""


def add_hits(op: Operations, logit: str, logistic: str, count: str, left: str, cells: int) -> str:
    """1 where a cell is hit, else 0: (N, 1, T).

    Args:
        op: what adds to the graph.
        logit: (N, 1, T) of cells, far below 0 where there is none.
        logistic: (N, H, T) numbers of H draws.
        count: (N, 1) hits of this turn.
        left: (N, 1) of this turn and those after it.
        cells: in this turn.
    """
    of_left = op("Unsqueeze", op("Div", -1.0, op("Max", left, 1.0)), np.array([2]))
    others = op("Add", op("Mul", op("Sigmoid", logit), of_left), 1.0)
    sure = op("Mul", op("HardSigmoid", logit, alpha=STEEP, beta=-STEEP * SURE), FIRST)
    odds = op("Sum", logit, op("Log", op("Max", others, SMALLEST)), sure)
    score = op("Add", odds, logistic)
    level = op("Unsqueeze", _level(op, odds, count, cells), np.array([2]))
    above = op("Cast", op("Greater", score, level), to=1)
    off = op("Abs", op("Sub", op.sum(above, 2, keep=False), count))
    [best] = take(op, op("ArgMin", off, axis=1, keepdims=1), score)
    return _strongest(op, best, count)


def _level(op: Operations, odds: str, count: str, cells: int) -> str:
    """As `level`: (N, 1)."""
    mean = op.sum(op("Sigmoid", odds), 2, keep=False)
    mean = op("Min", op("Max", mean, EDGE), cells - EDGE)
    wanted = op("Add", count, 0.5)
    share = op("Div", mean, op("Sub", float(cells), mean))
    first = op("Log", op("Mul", share, op("Div", op("Sub", cells + 1.0, wanted), wanted)))
    chance = op("Sigmoid", op("Sub", odds, op("Unsqueeze", first, np.array([2]))))
    sum_of = op.sum(chance, 2, keep=False)
    squares = op("ReduceSumSquare", chance, np.array([2]), keepdims=0)
    variance = op("Max", op("Sub", sum_of, squares), LEAST_SPREAD)
    step = op("Div", op("Sub", sum_of, count), variance)
    return op("Add", first, op("Min", op("Max", step, -LARGEST_STEP), LARGEST_STEP))


def take(op: Operations, which: str, *draws: str) -> list[str]:
    """One of the draws (N, D, T), by its number (N, 1): (N, 1, T)."""
    index = op("Unsqueeze", which, np.array([2]))
    return [op("GatherND", each, index, batch_dims=1) for each in draws]


def _strongest(op: Operations, score: str, count: str) -> str:
    """1 for the `count` (N, 1) cells that come first, else 0: (N, 1, T)."""
    nothing = op("Pad", score, np.array([0, 0, 1, 0, 0, 0]), ABOVE_ALL)  # ahead, for no hits
    size = op("Slice", op("Shape", nothing), np.array([2]), np.array([3]))
    ranked = op.split("TopK", nothing, size, outputs=2, axis=2)[0]
    which = op("Unsqueeze", op("Cast", count, to=7), np.array([2]))
    least = op("GatherElements", ranked, which, axis=2)
    return op("Cast", op("GreaterOrEqual", score, least), to=1)
