"""One turn of a layer's cells in the ONNX graph: how many are hit, which, and with what energy."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from heitler.generation.layered_graph_weights import GraphWeights, cells_left
from heitler.generation.layered_hits_graph import add_hits
from heitler.generation.operations import Operations
from heitler.model.layered.cell_level import SLOPE
from heitler.model.layered.mixtures import NARROWEST, SMALLEST, WIDEST
from heitler.model.layered.sizes import FEW, MIXTURE, POINTS, SUMS_FROM, TURNS
from heitler.model.layered.spectrum import FARTHEST
from heitler.model.layered.state import HITS_ROOT, LEAST_VARIANCE, SMALLEST_ENERGY
from heitler.model.layered.turns import KEPT, MOST

TINY = 1e-30


class TurnInputs(NamedTuple):
    """What a turn is drawn from."""

    state: str  # (N, hidden) of the dense layer `turn`, what is left not yet added
    features: str  # (N, channels, T) after the layer `inner`
    basis: str  # (F, R + 1, T)
    bias: str  # (1, ...) of the layer `turn_steering`
    numbers: tuple[str, str, str]  # logistic (N, H, T), uniform, normal part (N, 1, T)
    of_turn: tuple[str, ...]  # (N, 1) twice of the number of hits, twice of their energy; last none


class Drawn(NamedTuple):
    """A layer while it is drawn."""

    hits: str  # that are left (N, 1)
    energy: str  # that is left, may be below 0 (N, 1)
    cells: list[str]  # by turn (N, 1, T)
    planes: list[str]  # by turn: hit, feature (N, 1, T) each


def add_turn(op: Operations, weights: GraphWeights, inputs: TurnInputs, drawn: Drawn) -> Drawn:
    """Draw the next turn."""
    turn, sizes = len(drawn.cells), weights.sizes
    hidden = _hidden(op, weights, inputs, drawn)
    scale, shift, radial = _steering(op, weights, inputs, hidden)
    x = inputs.features
    if turn:
        x = op("Sum", x, _around(op, weights, drawn.planes, turn), weights.done(turn))
    x = op("LeakyRelu", op("Add", op("Mul", x, scale), shift), alpha=SLOPE)
    said = op("Add", op("MatMul", weights.outputs(), x), op("MatMul", radial, inputs.basis))
    k = sizes.components
    logit, choice, steps = op.parts(said, [1, k, 2 * k], axis=1)
    logistic, uniform, normal = inputs.numbers
    count = _count(op, weights, hidden, logit, drawn, inputs.of_turn[:2])
    own = int((weights.cell_of_tile[turn] >= 0).sum())
    hit = add_hits(op, logit, logistic, count, drawn.hits, own)
    place, chance = add_mixture(op, choice, steps, uniform, normal, k)
    cells = op("Mul", hit, op("Exp", _log_energy(op, weights, place)))
    planes = drawn.planes
    if turn < TURNS - 1:
        mean, width = mean_and_width(op, chance, steps, k)
        expected = op("Mul", hit, op("Exp", _log_energy(op, weights, mean)))
        expected = op.sum(expected, 2, keep=False)
        total = _draw_sum(op, weights, hidden, expected, count, drawn, inputs.of_turn[2:])
        cells = _to_sum(op, cells, width, count, total)
        feature = op("Log", op("Add", op("Mul", cells, 100.0), 1.0))
        planes = [*planes, hit, feature]
    left, energy = (
        op("Sub", drawn.hits, count),
        op("Sub", drawn.energy, op.sum(cells, 2, keep=False)),
    )
    return Drawn(left, energy, [*drawn.cells, cells], planes)


def _hidden(op: Operations, weights: GraphWeights, inputs: TurnInputs, drawn: Drawn) -> str:
    """What a turn's cells and energy are said from: (N, hidden)."""
    left = op("Relu", drawn.energy)
    energies = op("Concat", left, op("Div", left, op("Max", drawn.hits, 1.0)), axis=1)
    logs = op("Log", op("Add", energies, SMALLEST_ENERGY))
    few = op("Cast", op("Equal", drawn.hits, np.array([FEW], np.float32)), to=1)
    told = op("Concat", op("Sqrt", drawn.hits), logs, few, axis=1)
    hidden = op.silu(op.dense(told, weights.told(), inputs.state))
    return op.silu(op.dense(hidden, *weights.layer("cell_level/turn_hidden")))


def _steering(
    op: Operations, weights: GraphWeights, inputs: TurnInputs, hidden: str
) -> tuple[str, str, str]:
    """Scale and shift (N, channels, 1) and the radial functions (N, outputs, R + 1)."""
    kernel, _ = weights.turn_steering()
    steered = op.reshape(op.dense(hidden, kernel, inputs.bias), 0, -1, 1)
    channels, outputs = weights.sizes.channels, weights.sizes.outputs
    rest = kernel.shape[1] - 2 * channels
    scale, shift, radial = op.parts(steered, [channels, channels, rest], axis=1)
    return scale, shift, op.reshape(radial, 0, outputs, rest // outputs)


def _around(op: Operations, weights: GraphWeights, planes: list[str], turn: int) -> str:
    """What drawn cells say of their neighbours: (N, channels, T)."""
    rows, columns = weights.tiles_xy
    image = op.reshape(op("Concat", *planes, axis=1), 0, -1, rows, columns)
    around = op("Conv", image, weights.from_turns(turn), pads=[1, 1, 1, 1])
    return op.reshape(around, 0, 0, -1)


def _count(
    op: Operations,
    weights: GraphWeights,
    hidden: str,
    logit: str,
    drawn: Drawn,
    numbers: tuple[str, ...],
) -> str:
    """How many of the hits that are left belong to this turn: (N, 1)."""
    turn, left = len(drawn.cells), drawn.hits
    own = float((weights.cell_of_tile[turn] >= 0).sum())
    if turn == TURNS - 1:
        return op("Min", left, own)
    later = list(cells_left(weights.sizes))[turn]
    chance = op("Sigmoid", logit)
    mean = op.sum(chance, 2, keep=False)
    variance = op("Sub", mean, op("ReduceSumSquare", chance, np.array([2]), keepdims=0))
    variance = op("Add", op("Mul", variance, later / (own + later)), LEAST_VARIANCE)
    spread = op("Sqrt", variance)
    part = op("Div", mean, op("Max", left, 1.0))
    told = op("Concat", op("Sqrt", mean), spread, part, axis=1)
    factors = (1 / HITS_ROOT, 1 / HITS_ROOT, 1.0)
    number = _draw_from(op, weights, "count", hidden, told, factors, numbers)
    counted = op("Round", op("Add", mean, op("Mul", spread, number)))
    return op("Min", op("Max", counted, op("Sub", left, float(later)), 0.0), left, own)


def _draw_from(
    op: Operations,
    weights: GraphWeights,
    name: str,
    hidden: str,
    told: str,
    factors: tuple[float, ...],
    numbers: tuple[str, ...],
) -> str:
    """A number (N, 1) of a turn's mixture `name`; told (N, n) is to be multiplied by factors."""
    kernel, bias = weights.layer(f"cell_level/{name}_hidden")
    kernel = kernel * np.append(np.ones(len(kernel) - len(factors)), factors)[:, None]
    inner = op.silu(op.dense(op("Concat", hidden, told, axis=1), kernel, bias))
    return add_layer_mixture(op, weights, f"cell_level/{name}", inner, numbers)


def _draw_sum(
    op: Operations,
    weights: GraphWeights,
    hidden: str,
    expected: str,
    count: str,
    drawn: Drawn,
    numbers: tuple[str, ...],
) -> str:
    """Energy of a turn's hits, all that is left where no other hits are: (N, 1)."""
    left = op("Relu", drawn.energy)
    both = op("Log", op("Add", op("Concat", expected, left, axis=1), SMALLEST_ENERGY))
    told = op(
        "Concat", op("MatMul", both, np.array([[0.5, 0.5], [0.0, -0.5]])), op("Sqrt", count), axis=1
    )
    number = _draw_from(op, weights, "sum", hidden, told, (1.0, 1.0, 1 / HITS_ROOT), numbers)
    ratio = op("Exp", number)
    total = op("Sub", op("Mul", op("Add", expected, SMALLEST_ENERGY), ratio), SMALLEST_ENERGY)
    total = op("Min", op("Relu", total), op("Mul", left, MOST))
    return op("Where", op("Greater", drawn.hits, count), total, left)


def _to_sum(op: Operations, cells: str, width: str, count: str, energy: str) -> str:
    """As `to_sum`, where there are hits enough: (N, 1, T)."""
    rate = op("Mul", cells, width)  # a cell c becomes c (1 + share rate)
    weights = op.sum(op("Mul", cells, rate), 2, keep=False)
    total = op.sum(cells, 2, keep=False)
    energy = op("Max", energy, op("Mul", total, KEPT))
    share = op("Div", op("Sub", energy, total), op("Max", weights, TINY))
    largest = op("ReduceMax", rate, np.array([2]), keepdims=0)
    fits = op("GreaterOrEqual", op("Mul", share, largest), KEPT - 1)
    few = op("Less", count, float(SUMS_FROM))
    factor = op("Where", op("Or", fits, few), 1.0, op("Div", energy, op("Max", total, TINY)))
    share = op("Where", op("And", fits, op("Not", few)), share, 0.0)
    share, factor = (op("Unsqueeze", part, np.array([2])) for part in (share, factor))
    return op("Mul", cells, op("Add", factor, op("Mul", rate, share)))


def add_layer_mixture(
    op: Operations, weights: GraphWeights, name: str, inputs: str, uniform: Sequence[str]
) -> str:
    """A number (N, 1) of a dense layer's mixture."""
    kernel, bias = weights.mixture(name)
    said = op.reshape(op.dense(inputs, kernel, bias), 0, -1, 1)
    choice, steps = op.parts(said, [MIXTURE, 2 * MIXTURE], axis=1)
    first, second = (op.reshape(number, 0, 1, 1) for number in uniform)
    return op.reshape(add_mixture(op, choice, steps, first, second, MIXTURE)[0], 0, 1)


def add_mixture(
    op: Operations, choice: str, steps: str, uniform: str, normal: str, count: int
) -> tuple[str, str]:
    """As `draw_mixture`: from logits (N, K, T), steps of means and widths (N, 2 K, T), and numbers.

    Also the chances of its distributions (N, K, T). `uniform >= below` holds up to
    the chosen distribution, so that sums of steps over it are what belongs to that one.
    """
    chance = op("Softmax", choice, axis=1)
    below, shares = op.parts(op("MatMul", _sums(count), chance), [count, 2 * count], axis=1)
    upto = op("Cast", op("GreaterOrEqual", uniform, below), to=1)
    all_steps = op.reshape(op("Concat", steps, shares, axis=1), 0, 4, count, -1)
    chosen = op.sum(op("Mul", all_steps, op("Unsqueeze", upto, np.array([1]))), 2, keep=False)
    centre, width, start, share = op.parts(chosen, [1] * 4, axis=1)
    rest = op("Clip", op("Div", op("Sub", uniform, start), share), SMALLEST, 1.0)
    deviate = op("Mul", op("Sqrt", op("Neg", op("Log", rest))), normal)
    spread = op("Exp", op("Clip", width, NARROWEST, WIDEST))
    return op("Add", centre, op("Mul", spread, deviate)), chance


def mean_and_width(op: Operations, chance: str, steps: str, count: int) -> tuple[str, str]:
    """As `mixture_mean` and `mixture_width`: (N, 1, T) each."""
    means, widths = op.parts(
        op("MatMul", np.kron(np.eye(2), np.tri(count)), steps), [count] * 2, axis=1
    )
    width = op("Exp", op("Clip", widths, NARROWEST, WIDEST))
    return op.sum(op("Mul", chance, means), 1), op.sum(op("Mul", chance, width), 1)


def _sums(count: int) -> NDArray[np.float64]:
    """Chances to those below each, and to the steps of these and of the chances: (3 K, K)."""
    one = np.eye(count)
    return np.concatenate([np.tri(count, k=-1), np.eye(count, k=-1), one - np.eye(count, k=-1)])


def _log_energy(op: Operations, weights: GraphWeights, place: str) -> str:
    """Places in the spectrum to logarithms of energy, as `from_normal`."""
    middle, far = weights.middle_place, FARTHEST * weights.place_per_deviate
    place = op("Clip", place, middle - far, middle + far)
    last = np.array(POINTS - 2, np.int32)
    below = op("Clip", op("Cast", place, to=6), np.array(0, np.int32), last)
    slope = np.diff(weights.spectrum)
    start = weights.spectrum[:-1] - np.arange(POINTS - 1) * slope
    rising = op("Mul", op("Gather", slope, below), place)
    return op("Add", op("Gather", start, below), rising)
