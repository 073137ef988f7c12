"""One layer in the ONNX graph of the layered generator: the body of its loop."""

from typing import NamedTuple

import numpy as np

from heitler.generation.layered_frame_graph import Frame
from heitler.generation.layered_graph_weights import GraphWeights
from heitler.generation.layered_noise_graph import LayerNumbers
from heitler.generation.layered_turn_graph import (
    TINY,
    Drawn,
    TurnInputs,
    add_layer_mixture,
    add_turn,
)
from heitler.generation.operations import Operations
from heitler.model.layered.cell_level import SLOPE
from heitler.model.layered.hits import DRAWS
from heitler.model.layered.layer_level import NUMBERS
from heitler.model.layered.sizes import PAST, RINGS, TOTALS, TURNS
from heitler.model.layered.state import (
    LARGEST_LOGARITHM,
    SMALLEST_ENERGY,
    SMALLEST_HIT,
    SMALLEST_SHARE,
)
from heitler.model.layered.turns import KEPT


class LayerInputs(NamedTuple):
    """What all layers share."""

    known: str  # (N, 1 or 2) logarithm of the energy, cotangent of the angle
    per_expected: str  # (N, 1) one over the expected number of hits
    numbers: LayerNumbers
    frame: Frame


class Past(NamedTuple):
    """What a layer leaves to the next."""

    planes: str  # (N, PAST, X, Y) log(1 + 100 energy) of the last layers, the last one first
    column: str  # (N, 1, X, Y) energy of all layers
    totals: str  # (N, PAST x TOTALS)
    rings: str  # (N, PAST x rings)
    before: str  # (N, 2) energy and hits of all layers


def add_layer(
    op: Operations, weights: GraphWeights, given: LayerInputs, index: str, past: Past
) -> tuple[Past, str]:
    """Draw layer number `index`: what is left to the next one, and its cells (N, 1, X, Y)."""
    small = op("Gather", given.numbers.layer, index, axis=1)
    *uniform, of_turns = op.parts(small, [1] * NUMBERS + [4 * (TURNS - 1)], axis=1)
    seen = op("Mul", past.before, given.per_expected)
    state = op("Concat", given.known, past.totals, seen, axis=1)
    hits, energy = _draw_totals(op, weights, index, state, uniform)
    own = _totals(op, weights, hits, energy)
    state = op("Concat", state, own, past.rings, axis=1)
    cells = _draw_cells(op, weights, given, index, past, state, (hits, energy), of_turns)
    tiles = op.reshape(cells, 0, TURNS, *weights.tiles_xy)
    image = op("DepthToSpace", tiles, blocksize=2)
    return _remember(op, weights, given, index, past, (hits, energy), cells, image), image


def _layer_bias(op: Operations, bias: np.ndarray, index: str) -> str:
    """The row of biases (Z, B) of a layer: (1, B)."""
    return op("Gather", bias, op.reshape(index, 1), axis=0)


def _draw_totals(
    op: Operations, weights: GraphWeights, index: str, state: str, uniform: list[str]
) -> tuple[str, str]:
    """As `LayerLevel.draw`: hits and energy, (N, 1) each."""
    kernel, bias = weights.by_layer("layer_level/first")
    hidden = op.silu(op.dense(state, kernel, _layer_bias(op, bias, index)))
    hidden = op.silu(op.dense(hidden, *weights.layer("layer_level/second")))
    root = op(
        "Relu",
        op("Add", add_layer_mixture(op, weights, "layer_level/hits", hidden, uniform[:2]), 1.0),
    )
    hits = op("Floor", op("Mul", op("Mul", root, root), weights.typical_hits))
    hits = op("Min", hits, float(weights.sizes.cells))
    few = op("Cast", op("Equal", hits, np.array([[1, 2]], np.float32)), to=1)
    root = op("Sub", op("Sqrt", op("Mul", hits, 1 / weights.typical_hits)), 1.0)
    inner = op("Concat", hidden, root, few, axis=1)
    inner = op.silu(op.dense(inner, *weights.layer("layer_level/energy_hidden")))
    logarithm = op(
        "Mul", add_layer_mixture(op, weights, "layer_level/energy", inner, uniform[2:]), 1.5
    )
    energy = op("Exp", op("Min", logarithm, LARGEST_LOGARITHM))
    per_hit = op("Relu", op("Sub", energy, SMALLEST_HIT))
    least = float(np.exp(weights.spectrum[0]))
    return hits, op("Mul", op("Max", per_hit, least), hits)


def _totals(op: Operations, weights: GraphWeights, hits: str, energy: str) -> str:
    """As `totals`: (N, TOTALS)."""
    root = op("Sqrt", op("Mul", hits, 1 / weights.typical_hits))
    energies = op("Concat", op("Div", energy, op("Max", hits, 1.0)), energy, axis=1)
    logs = op("Log", op("Add", energies, np.array([SMALLEST_HIT, SMALLEST_ENERGY])))
    own = op("Concat", op("Sub", root, 1.0), logs, axis=1)
    return op("Mul", own, np.array([1, 1 / 1.5, 0.5]))


def _draw_cells(
    op: Operations,
    weights: GraphWeights,
    given: LayerInputs,
    index: str,
    past: Past,
    state: str,
    totals: tuple[str, str],
    of_turns: str,
) -> str:
    """Cells with exactly the given hits and energy: (N, phases, T)."""
    sizes = weights.sizes
    kernel, bias = weights.steering()
    steering = op.dense(state, kernel, _layer_bias(op, bias, index))
    steered, *states = op.parts(steering, [sizes.hidden] * (1 + TURNS), axis=1)
    features = _features(op, weights, given, index, past, steered)
    basis = op("Gather", given.frame.basis, index, axis=1)
    numbers = op("Gather", given.numbers.cells, index, axis=1)
    draws = [number for number in (DRAWS, 1, 1) for _ in range(TURNS)]
    by_turn = op.parts(numbers, draws, axis=1)
    each = op.parts(basis, [basis_nodes(weights)] * TURNS, axis=1)
    turn_bias = _layer_bias(op, weights.turn_steering()[1], index)
    of_turn = op.parts(of_turns, [1] * (4 * (TURNS - 1)), axis=1)
    drawn = Drawn(*totals, [], [])
    for turn in range(TURNS):
        phase = weights.phases.index(turn)
        inputs = TurnInputs(
            states[turn],
            features[phase],
            each[phase],
            turn_bias,
            (by_turn[turn], by_turn[TURNS + turn], by_turn[2 * TURNS + turn]),
            (*of_turn[turn :: TURNS - 1],) if turn < TURNS - 1 else (),
        )
        drawn = add_turn(op, weights, inputs, drawn)
    return _keep_energy(op, weights, drawn, totals[1])


def basis_nodes(weights: GraphWeights) -> int:
    """Nodes of the radial functions, and one for what is no cell."""
    return len(weights.layer("cell_level/place")[0]) + 1


def _features(
    op: Operations,
    weights: GraphWeights,
    given: LayerInputs,
    index: str,
    past: Past,
    steered: str,
) -> list[str]:
    """What the convolutions say after `inner`, by phase: (N, channels, T) each."""
    channels = weights.sizes.channels
    four = op.dense(op.silu(steered), *weights.scales_and_shifts())
    parts = op.parts(op.reshape(four, 0, -1, 1, 1), [channels] * 4, axis=1)
    column = op("Log", op("Add", op("Mul", past.column, 10.0), 1.0))
    seen = op("Concat", past.planes, column, axis=1)
    x = op(
        "Add",
        _convolution(op, weights, "first", seen),
        op("Gather", given.frame.place, index, axis=1),
    )
    x = op("LeakyRelu", op("Add", op("Mul", x, parts[0]), parts[1]), alpha=SLOPE)
    if not weights.inside.all():
        x = op("Mul", x, weights.inside)
    y = op("Add", op("Mul", _convolution(op, weights, "second", x), parts[2]), parts[3])
    x = op("Add", x, op("LeakyRelu", y, alpha=SLOPE))
    kernel, bias = weights.layer("cell_level/inner")
    inner = op("Conv", x, kernel.T[:, :, None, None], bias)
    tiles = op.reshape(op("SpaceToDepth", inner, blocksize=2), 0, 4 * channels, -1)
    return op.parts(tiles, [channels] * 4, axis=1)


def _convolution(op: Operations, weights: GraphWeights, name: str, image: str) -> str:
    kernel, bias = weights.layer(f"cell_level/convolution_{name}")
    reach = len(kernel) // 2
    if name == "first":
        kernel = kernel / 5  # as `cell_feature` and `column_feature`
    return op("Conv", image, kernel.transpose(3, 2, 0, 1), bias, pads=[reach] * 4)


def _keep_energy(op: Operations, weights: GraphWeights, drawn: Drawn, energy: str) -> str:
    """As `keep_energy`: every cell times a factor that grows with it. (N, phases, T)

    A cell c becomes c (1 + r c), which is KEPT c at least if r times the largest is.
    """
    cells = op("Concat", *(drawn.cells[turn] for turn in weights.phases), axis=1)
    squares = op.sum(op("Mul", cells, cells), 2, keep=False)  # (N, phases)
    largest = op("ReduceMax", cells, np.array([2]), keepdims=0)
    last = np.array(weights.phases)[None] == TURNS - 1
    only_last = last.astype(float)
    both = op("Concat", op.sum(op("Mul", squares, only_last), 1), op.sum(squares, 1), axis=1)
    tops = op(
        "Concat",
        op.sum(op("Mul", largest, only_last), 1),
        op("ReduceMax", largest, np.array([1]), keepdims=1),
        axis=1,
    )
    rate = op("Div", drawn.energy, op("Max", both, TINY))  # (N, 2): of the last, of all
    fits = op("Cast", op("GreaterOrEqual", op("Mul", rate, tops), KEPT - 1), to=1)
    fits = op("Mul", fits, op("Sign", both))
    first, second = op.parts(fits, [1, 1], axis=1)
    second = op("Mul", second, op("Sub", 1.0, first))
    neither = op("Sub", op("Sub", 1.0, first), second)
    first_rate, second_rate = op.parts(rate, [1, 1], axis=1)
    rates = op(
        "Add",
        op("Mul", op("Mul", first, first_rate), only_last),
        op("Mul", second, second_rate),
    )
    total = op("Sub", energy, drawn.energy)
    scaled = op("Div", energy, op("Max", total, TINY))
    factor = op("Add", op("Mul", neither, op("Sub", scaled, 1.0)), 1.0)
    rates, factor = (op("Unsqueeze", part, np.array([2])) for part in (rates, factor))
    return op("Mul", cells, op("Add", factor, op("Mul", cells, rates)))


def _remember(
    op: Operations,
    weights: GraphWeights,
    given: LayerInputs,
    index: str,
    past: Past,
    totals: tuple[str, str],
    cells: str,
    image: str,
) -> Past:
    """As `summarise`; the oldest layer goes."""
    hits, energy = totals
    flat = op.reshape(cells, 0, 1, -1)
    in_rings = op.reshape(op("MatMul", flat, op("Gather", given.frame.rings, index, axis=1)), 0, -1)
    total = op.sum(in_rings, 1)
    share = op("Div", in_rings, op("Max", total, TINY))
    rings = op("Mul", op("Log", op("Add", share, SMALLEST_SHARE)), 0.5)
    own = _totals(op, weights, hits, total)
    feature = op("Log", op("Add", op("Mul", image, 100.0), 1.0))
    return Past(
        _push(op, feature, past.planes, PAST - 1),
        op("Add", past.column, image),
        _push(op, own, past.totals, (PAST - 1) * TOTALS),
        _push(op, rings, past.rings, (PAST - 1) * len(RINGS)),
        op("Add", past.before, op("Concat", energy, hits, axis=1)),
    )


def _push(op: Operations, new: str, old: str, kept: int) -> str:
    """The new ahead of as many of the old ones."""
    recent = op("Slice", old, np.array([0]), np.array([kept]), np.array([1]))
    return op("Concat", new, recent, axis=1)
