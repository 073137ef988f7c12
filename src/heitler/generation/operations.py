"""ONNX operators called like functions; numbers and arrays among their inputs are constants."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
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


Value = str | float | NDArray[Any]
REAL = onnx.TensorProto.FLOAT


class Operations(OnnxGraph):
    """A graph, or the body of one of its loops, which shares the graph's constants."""

    def __init__(self, outer: "Operations | None" = None) -> None:
        super().__init__()
        self._names: Iterator[int] = outer._names if outer else itertools.count()
        self._numbers: dict[float, str] = outer._numbers if outer else {}
        if outer:
            self.constants = outer.constants

    def __call__(self, operator: str, *inputs: Value, **attributes: Any) -> str:
        """Add a node of one output; its name."""
        return self.split(operator, *inputs, outputs=1, **attributes)[0]

    def split(self, operator: str, *inputs: Value, outputs: int, **attributes: Any) -> list[str]:
        """Add a node of several outputs; their names."""
        names = [f"{operator.lower()}_{next(self._names)}" for _ in range(outputs)]
        given = [self._value(value) for value in inputs]
        self.nodes.append(helper.make_node(operator, given, names, name=names[0], **attributes))
        return names

    def parts(self, volume: str, sizes: Sequence[int], axis: int) -> list[str]:
        """A volume in parts of these sizes along an axis."""
        where = self.integers(sizes)
        return self.split("Split", volume, where, outputs=len(sizes), axis=axis)

    def reshape(self, volume: str, *shape: int) -> str:
        """Other axes; 0 keeps one, -1 is the rest."""
        return self("Reshape", volume, self.integers(shape))

    def sum(self, volume: str, *axes: int, keep: bool = True) -> str:
        """The sum over axes."""
        return self("ReduceSum", volume, self.integers(axes), keepdims=int(keep))

    def dense(self, inputs: str, weight: NDArray[Any], bias: Value) -> str:
        """Inputs (N, A), weight (A, B), bias (B,) or (1, B) or (N, B) -> (N, B)."""
        return self("Gemm", inputs, weight, bias)

    def silu(self, inputs: str) -> str:
        """x / (1 + exp(-x))"""
        return self("Mul", inputs, self("Sigmoid", inputs))

    def constant(self, array: NDArray[Any]) -> str:
        """A constant, floating numbers in single precision; its name."""
        single = array.astype(np.float32) if array.dtype == np.float64 else array
        return self._constant(np.asarray(single, order="C"))

    def body(self, inputs: Sequence[Any], outputs: Sequence[str]) -> onnx.GraphProto:
        """The nodes as the body of a loop; the first output says whether it goes on."""
        made = [helper.make_tensor_value_info(name, REAL, None) for name in outputs[1:]]
        made.insert(0, helper.make_tensor_value_info(outputs[0], onnx.TensorProto.BOOL, []))
        return helper.make_graph(self.nodes, "layer", list(inputs), made)

    def _value(self, value: Value) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, np.ndarray):
            return self.constant(value)
        if value not in self._numbers:
            self._numbers[value] = self.constant(np.array(value, np.float32))
        return self._numbers[value]
