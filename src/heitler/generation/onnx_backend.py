"""The inference form as an ONNX file, and ONNX Runtime to run it.

The file needs none of this project's code: input `latent` (N, L), output `cells` (N, X, Y, Z) in
units of `cell_unit_GeV`. ONNX puts channels before space, so volumes are (N, C, X, Y, Z) here.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.generation.inference_form import Convolution, InferenceForm, Matrix
from heitler.generation.operations import OnnxGraph

Array = NDArray[np.float32]


def onnx_backend(path: Path, threads: int = 0) -> Callable[[Array], Array]:
    """A function from latent vectors (N, L) to cells (N, X, Y, Z) in cell units.

    Args:
        path: what `write_onnx` wrote.
        threads: 0 is one per core that this process may use.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda latent: np.asarray(session.run(["cells"], {"latent": latent})[0])


def write_onnx(path: Path, form: InferenceForm) -> None:
    """Write the form as an ONNX model, atomically."""
    graph = OnnxGraph()
    volume = _add_matrix(graph, "latent", form.matrix)
    for step in form.convolutions:
        volume = _add_convolution(graph, volume, step)
    ends = [c + n for c, n in zip(form.cropped, form.image_shape, strict=True)]
    volume = graph.slice(volume, form.cropped, ends)
    graph.add("Squeeze", [volume, graph.integers([1])], output="cells")
    model = graph.finish(len(form.matrix.weight), form.image_shape)
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString())


def _add_matrix(graph: OnnxGraph, latent: str, matrix: Matrix) -> str:
    channels_first = np.arange(matrix.bias.size).reshape(matrix.shape).transpose(3, 0, 1, 2).ravel()
    weight, bias = matrix.weight[:, channels_first], matrix.bias[channels_first]
    flat = graph.add("Gemm", [latent, graph.floats(weight), graph.floats(bias)])
    *size, channels = matrix.shape
    volume = graph.add("Reshape", [flat, graph.integers([-1, channels, *size])])
    return _add_activation(graph, volume, matrix.slope)


def _add_convolution(graph: OnnxGraph, volume: str, step: Convolution) -> str:
    starts = [max(-low, 0) for low, _ in step.pads]
    sizes = [fold.source.blocks for fold in step.folds]
    ends = [size + min(high, 0) for size, (_, high) in zip(sizes, step.pads, strict=True)]
    if any(starts) or ends != sizes:
        volume = graph.slice(volume, starts, ends)
    pads = [max(low, 0) for low, _ in step.pads] + [max(high, 0) for _, high in step.pads]
    kernel = graph.floats(step.kernel.transpose(4, 3, 0, 1, 2))
    if step.bias.ndim == 1:
        volume = graph.add("Conv", [volume, kernel, graph.floats(step.bias)], pads=pads)
    else:
        volume = graph.add("Conv", [volume, kernel], pads=pads)
        volume = graph.add("Add", [volume, graph.floats(step.bias.transpose(3, 0, 1, 2))])
    volume = _add_activation(graph, volume, step.slope)
    return _add_rearrangement(graph, volume, step) if step.rearrange else volume


def _add_rearrangement(graph: OnnxGraph, volume: str, step: Convolution) -> str:
    """Blocks to single cells, as `heitler.generation.inference_form.to_cells`."""
    grids = step.grids
    if all(grid.phases == 1 for grid in grids):
        return volume
    phases, blocks = [g.phases for g in grids], [g.blocks for g in grids]
    volume = graph.add("Reshape", [volume, graph.integers([-1, *phases, step.filters, *blocks])])
    volume = graph.add("Transpose", [volume], perm=[0, 4, 5, 1, 6, 2, 7, 3])
    size = [grid.blocks * grid.phases for grid in grids]
    volume = graph.add("Reshape", [volume, graph.integers([-1, step.filters, *size])])
    return graph.slice(volume, [g.shift for g in grids], [g.shift + g.size for g in grids])


def _add_activation(graph: OnnxGraph, volume: str, slope: float) -> str:
    if slope == 1:
        return volume
    if slope == 0:
        return graph.add("Relu", [volume])
    return graph.add("LeakyRelu", [volume], alpha=slope)
