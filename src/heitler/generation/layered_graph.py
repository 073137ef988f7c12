"""The layered generator as an ONNX graph of plain operators: a loop over its layers.

Cells of a layer lie in tiles, squares of 2 x 2 cells with one cell of every turn: (N, 1, T) for a
turn, T tiles, so that all turns have arrays of one shape, and what was drawn in one turn reaches
the next by a 3 x 3 convolution over tiles. Where the image has an odd side, tiles reach beyond it;
such cells are never hit. All random numbers are made before the loop, in the order in which it
takes them. Input `latent` (N, L), output `cells` (N, X, Y, Z) in units of `cell_unit_GeV`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from heitler.base.files import atomic_path
from heitler.generation.layered_frame_graph import add_frame
from heitler.generation.layered_graph_weights import GraphWeights
from heitler.generation.layered_layer_graph import LayerInputs, Past, add_layer
from heitler.generation.layered_noise_graph import add_numbers
from heitler.generation.layered_weights import LayeredWeights
from heitler.generation.operations import REAL, Operations
from heitler.model.layered.sizes import PAST, RINGS, TOTALS


def write_layered_graph(path: Path, weights: LayeredWeights, latent_dim: int) -> None:
    """Write the generator as an ONNX model, atomically."""
    model = layered_graph(weights, latent_dim)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())


def layered_graph(layered: LayeredWeights, latent_dim: int) -> onnx.ModelProto:
    """The checked model."""
    op, weights, sizes = Operations(), GraphWeights(layered), layered.sizes
    conditions = 1 + sizes.has_theta
    energy, *angle, noise = op.parts("latent", [*[1] * conditions, latent_dim - conditions], axis=1)
    energy_unit_GeV, cell_unit_GeV = weights.units
    energy_GeV = op("Mul", energy, energy_unit_GeV)
    mean_GeV, hits_per_GeV, hit_GeV, _ = weights.scales
    known = [op("Log", op("Mul", energy_GeV, 1 / mean_GeV))]
    known += [op("Reciprocal", op("Tan", theta)) for theta in angle]
    given = LayerInputs(
        op("Concat", *known, axis=1),
        op("Reciprocal", op("Mul", energy_GeV, hits_per_GeV)),
        add_numbers(op, noise, latent_dim - conditions, weights),
        add_frame(op, weights, angle[0] if angle else None),
    )
    layers = _add_loop(op, weights, given)  # (Z, N, 1, X, Y)
    cells = op("Squeeze", op("Transpose", layers, perm=[1, 2, 3, 4, 0]), np.array([1]))
    inside = op("Slice", cells, np.zeros(2, int), np.array(sizes.image_shape[:2]), np.array([1, 2]))
    op.add(
        "Mul", [inside, op.constant(np.array(hit_GeV / cell_unit_GeV, np.float32))], output="cells"
    )
    return op.finish(latent_dim, sizes.image_shape)


def _add_loop(op: Operations, weights: GraphWeights, given: LayerInputs) -> str:
    """All layers, one after another: (Z, N, 1, X, Y) of the even image."""
    rows, columns = (2 * tiles for tiles in weights.tiles_xy)
    shapes = [
        (PAST, rows, columns),
        (1, rows, columns),
        (PAST * TOTALS,),
        (PAST * len(RINGS),),
        (2,),
    ]
    body = Operations(op)
    names = [f"carried_{field}" for field in Past._fields]
    past, cells = add_layer(body, weights, given, "layer", Past(*names))
    ends = [body("Identity", "go_on"), *past, cells]
    reals = [helper.make_tensor_value_info(name, REAL, None) for name in names]
    counter = helper.make_tensor_value_info("layer", onnx.TensorProto.INT64, [])
    goes_on = helper.make_tensor_value_info("go_on", onnx.TensorProto.BOOL, [])
    graph = body.body([counter, goes_on, *reals], ends)
    start = [_nothing(op, shape) for shape in shapes]
    count = op.constant(np.array(weights.sizes.layers, np.int64))
    true = op.constant(np.array(True))
    return op.split("Loop", count, true, *start, outputs=len(ends) - 1, body=graph)[-1]


def _nothing(op: Operations, shape: Sequence[int]) -> str:
    """Zeros (N, ...)."""
    showers = op("Slice", op("Shape", "latent"), np.array([0]), np.array([1]))
    return op("ConstantOfShape", op("Concat", showers, np.array(shape), axis=0))
