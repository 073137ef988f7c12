"""An ONNX graph under construction."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Float = NDArray[np.floating]
OPSET, IR_VERSION = 18, 9  # old enough for every runtime of the last years
SPACE = (2, 3, 4)  # axes x, y, z of (N, C, X, Y, Z)


class OnnxGraph:
    """Nodes and constants as they are added; every node has one output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node; the name of its output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def slice(self, volume: str, starts: Iterable[int], ends: Iterable[int]) -> str:
        """A part of the volume along x, y, z."""
        return self.add("Slice", [volume, *map(self.integers, (starts, ends, SPACE))])

    def floats(self, array: Float) -> str:
        """Add a constant in single precision; its name."""
        return self._constant(np.ascontiguousarray(array, np.float32))

    def integers(self, values: Iterable[int]) -> str:
        """Add a constant list of integers; its name."""
        return self._constant(np.asarray(list(values), np.int64))

    def _constant(self, array: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def finish(self, latent_dim: int, image_shape: tuple[int, int, int]) -> onnx.ModelProto:
        """The checked model, from `latent` to `cells`."""
        real = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "generator",
            [helper.make_tensor_value_info("latent", real, ["showers", latent_dim])],
            [helper.make_tensor_value_info("cells", real, ["showers", *image_shape])],
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model
