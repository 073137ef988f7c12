"""The generator as published, layer by layer, for runtimes that are compared with ours."""

from pathlib import Path

import numpy as np

from heitler.config import ModelConfig
from heitler.generation.operations import OnnxGraph
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size


def write_plain_onnx(
    path: Path, model: ModelConfig, image_shape: Size, weights: list[np.ndarray]
) -> None:
    """As exporters of Keras models write it: one node per layer, nothing rewritten."""
    architecture, graph, rest = ARCHITECTURES[model.network], OnnxGraph(), iter(weights)
    base, channels = base_size(architecture.generator, image_shape), architecture.base_channels
    x = graph.add("Gemm", ["latent", graph.floats(next(rest)), graph.floats(next(rest))])
    x = graph.add("Reshape", [x, graph.integers([-1, *base, channels])])
    x = graph.add("Transpose", [x], perm=[0, 4, 1, 2, 3])
    slope = model.leaky_relu_slope if architecture.leaky_generator else 0.0
    for conv in architecture.generator:
        x = _add_layer(graph, x, conv, rest, 0.0 if conv.last else slope)
        if conv.batch_norm:
            statistics = [graph.floats(next(rest)) for _ in range(4)]
            epsilon = architecture.batch_norm_epsilon
            x = graph.add("BatchNormalization", [x, *statistics], epsilon=epsilon)
    graph.add("Squeeze", [x, graph.integers([1])], output="cells")
    path.write_bytes(graph.finish(model.latent_dim, image_shape).SerializeToString())


def _add_layer(graph: OnnxGraph, x: str, conv: Conv, rest, slope: float) -> str:
    if conv.upsample != (1, 1, 1):
        factors = graph.floats(np.array([1, 1, *conv.upsample]))
        nearest = {"mode": "nearest", "nearest_mode": "floor"}
        x = graph.add(
            "Resize", [x, "", factors], coordinate_transformation_mode="asymmetric", **nearest
        )
    same = [((k - 1) // 2, k // 2) for k in conv.kernel]
    pads = same if conv.pad is None else [(p, p) for p in conv.pad]
    kernel = [graph.floats(next(rest).transpose(4, 3, 0, 1, 2))]
    bias = [graph.floats(next(rest))] if conv.bias else []
    x = graph.add("Conv", [x, *kernel, *bias], pads=[p[0] for p in pads] + [p[1] for p in pads])
    return graph.add("LeakyRelu", [x], alpha=slope) if slope else graph.add("Relu", [x])
