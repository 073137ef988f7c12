"""The generator of the recipe `heitler` as an ONNX graph, layer by layer.

It is not rewritten: it has no convolutions and two million multiplications. Input `latent` (N, L),
output `cells` (N, X, Y, Z) in units of `cell_unit_GeV`, as of the other generators.
"""

from pathlib import Path
from typing import Any

import numpy as np

from heitler.base.files import atomic_path
from heitler.design import Design
from heitler.generation.operations import OnnxGraph
from heitler.model.architectures import Size
from heitler.model.cell_noise import LARGE, SMALLEST


def write_shower_graph(path: Path, generator: Any, design: Design, shape: Size) -> None:
    """Write the Keras generator as an ONNX model, atomically."""
    graph = OnnxGraph()
    conditions = design.condition_count
    energy = _columns(graph, "latent", 0, 1)
    noise = _columns(graph, "latent", conditions, design.latent_dim)
    condition = [graph.add("Log", [energy])]
    if conditions > 1:
        condition.append(_columns(graph, "latent", 1, conditions))
    shaping = _columns(graph, noise, 0, design.shape_noise)
    inputs = graph.add("Concat", [*condition, shaping], axis=1)
    x = inputs
    for index in (1, 2):
        x = _dense(graph, generator.get_layer(f"dense_{index}"), x)
        x = graph.add("LeakyRelu", [x], alpha=design.leaky_relu_slope)
    features = graph.add("Concat", [x, inputs], axis=1)
    features = _dense(graph, generator.get_layer("features"), features)
    part = graph.add("Softmax", [_dense(graph, generator.get_layer("cells"), features)], axis=1)
    fraction = graph.add("Concat", [x, *condition], axis=1)
    fraction = graph.add("Exp", [_dense(graph, generator.get_layer("fraction"), fraction)])
    unit = _number(graph, design.energy_unit_GeV / design.cell_unit_GeV)
    total = graph.add("Mul", [graph.add("Mul", [energy, unit]), fraction])
    expected = graph.add("Reshape", [graph.add("Mul", [part, total]), graph.integers([-1, *shape])])
    names = {layer.name for layer in generator.layers}
    if "deposit" in names:
        uniform = _cell_noise(graph, generator.get_layer("cell_noise"), noise, shape)
        expected = _deposit(graph, generator.get_layer("deposit"), expected, uniform)
    graph.add("Identity", [expected], output="cells")
    finished = graph.finish(design.latent_dim, shape)
    with atomic_path(path) as temporary:
        temporary.write_bytes(finished.SerializeToString())


def _number(graph: OnnxGraph, value: float) -> str:
    return graph.floats(np.array(value))


def _columns(graph: OnnxGraph, volume: str, start: int, end: int) -> str:
    return graph.add("Slice", [volume, *map(graph.integers, ([start], [end], [1]))])


def _dense(graph: OnnxGraph, layer: Any, inputs: str) -> str:
    return graph.add("Gemm", [inputs, *(graph.floats(w) for w in layer.get_weights())])


def _cell_noise(graph: OnnxGraph, layer: Any, noise: str, shape: Size) -> str:
    """As `CellNoise.call`."""
    column, per_layer, offset = (weight.numpy() for weight in layer.weights)
    used = _columns(graph, noise, 0, len(column))
    columns = graph.add("Gemm", [used, graph.floats(column), graph.floats(offset)])
    along = graph.add("MatMul", [used, graph.floats(per_layer)])
    x, y, z = shape
    columns = graph.add("Reshape", [columns, graph.integers([-1, x, y, 1])])
    along = graph.add("Reshape", [along, graph.integers([-1, 1, 1, z])])
    turns = graph.add("Add", [columns, along])
    part = graph.add("Sub", [turns, graph.add("Floor", [turns])])
    twice = graph.add("Mul", [part, _number(graph, 2)])
    return graph.add("Abs", [graph.add("Sub", [twice, _number(graph, 1)])])


def _deposit(graph: OnnxGraph, layer: Any, expected: str, uniform: str) -> str:
    """As `CellDeposit.call`."""
    log_hit, log_kappa = (weight.numpy() for weight in layer.weights)
    hit, one = graph.floats(np.exp(log_hit)), _number(graph, 1)
    mean = graph.add("Add", [graph.add("Div", [expected, hit]), _number(graph, SMALLEST)])
    wider = graph.add("Mul", [mean, graph.floats(np.exp(log_kappa))])
    spread = graph.add("Sqrt", [graph.add("Add", [wider, one])])
    ratio = graph.add("Min", [graph.add("Div", [mean, spread]), _number(graph, LARGE)])
    rest = graph.add("Log", [_one_minus_exp(graph, ratio)])
    middle = graph.add("Add", [mean, graph.add("Mul", [spread, rest])])
    clipped = graph.add("Clip", [uniform, _number(graph, SMALLEST), _number(graph, 1 - SMALLEST)])
    below = graph.add("Log", [graph.add("Sub", [one, clipped])])
    logistic = graph.add("Sub", [graph.add("Log", [clipped]), below])
    random = graph.add("Add", [middle, graph.add("Mul", [spread, logistic])])
    return graph.add("Mul", [graph.add("Relu", [random]), hit])


def _one_minus_exp(graph: OnnxGraph, ratio: str) -> str:
    """1 - exp(-r) = 2 t / (1 + t) with t = tanh(r / 2): exact also for small r."""
    half = graph.add("Tanh", [graph.add("Mul", [ratio, _number(graph, 0.5)])])
    twice = graph.add("Mul", [half, _number(graph, 2)])
    return graph.add("Div", [twice, graph.add("Add", [half, _number(graph, 1)])])
