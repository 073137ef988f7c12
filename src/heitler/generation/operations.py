"""ONNX operators called like functions; numbers and arrays among their inputs are constants."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from heitler.generation.onnx_graph import OnnxGraph

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
