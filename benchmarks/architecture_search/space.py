"""The architectures that a search may choose: up to four convolutions, then one dense layer.

Four is the depth of the 3DGAN discriminator. As in the paper's network there are no biases and no
padding. A genome is all weights in one row: kernels (K, K, Cin, F) layer by layer, then the dense
layer (Y', Z', F).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

ACTIVATIONS = ("leaky_relu", "relu", "elu", "tanh")
KERNELS, STRIDES = (1, 3, 5, 7), (1, 2, 3)
MAX_FILTERS, MAX_LAYERS = 16, 4
MAX_COST = 8.0
"""Multiply-adds, in units of the fixed network's."""
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One convolution and its activation."""

    filters: int
    kernel: int
    stride: int
    activation: str

    def __str__(self) -> str:
        return f"{self.filters} x {self.kernel}x{self.kernel}/{self.stride} {self.activation}"


@dataclass(frozen=True)
class Architecture:
    """A network for images of one size."""

    image: tuple[int, int]
    layers: tuple[Layer, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.layers))

    @cached_property
    def maps(self) -> list[Shape]:
        """(Y', Z', channels) before the first layer, and after each."""
        shapes: list[Shape] = [(*self.image, 1)]
        for layer in self.layers:
            sides = [(side - layer.kernel) // layer.stride + 1 for side in shapes[-1][:2]]
            shapes.append((*sides, layer.filters))
        return shapes

    @cached_property
    def weight_shapes(self) -> list[Shape]:
        """Shapes of every kernel, and of the dense layer."""
        kernels = [
            (layer.kernel, layer.kernel, before[2], layer.filters)
            for layer, before in zip(self.layers, self.maps, strict=False)
        ]
        return [*kernels, self.maps[-1]]

    @property
    def genes(self) -> int:
        """Length D of a genome."""
        return sum(math.prod(shape) for shape in self.weight_shapes)

    @property
    def feasible(self) -> bool:
        """Whether every kernel fits into its image."""
        sides = [side for shape in self.maps for side in shape[:2]]
        return 1 <= len(self.layers) <= MAX_LAYERS and min(sides) >= 1

    def multiply_adds(self) -> int:
        """Operations of one forward pass of one shower."""
        kernels = zip(self.weight_shapes[:-1], self.maps[1:], strict=True)
        convolutions = sum(math.prod(k) * after[0] * after[1] for k, after in kernels)
        return convolutions + math.prod(self.maps[-1])

    def initial_limits(self) -> NDArray[np.float64]:
        """(D,) sqrt(6 / (fan in + fan out)) of each gene's layer [Glorot and Bengio 2010]."""
        limits = [math.sqrt(6 / (k * k * (c + f))) for k, _, c, f in self.weight_shapes[:-1]] + [
            math.sqrt(6 / (math.prod(self.maps[-1]) + 1))
        ]
        return np.repeat(limits, [math.prod(shape) for shape in self.weight_shapes])


def random_architecture(
    image: tuple[int, int], most: float, random: np.random.Generator
) -> Architecture:
    """Any that fits and does not need more than `most` multiply-adds."""
    while True:
        depth = int(random.integers(1, MAX_LAYERS + 1))
        found = Architecture(image, tuple(_random_layer(random) for _ in range(depth)))
        if found.feasible and found.multiply_adds() <= most:
            return found


def _random_layer(random: np.random.Generator) -> Layer:
    return Layer(
        filters=int(random.integers(1, MAX_FILTERS + 1)),
        kernel=int(random.choice(KERNELS)),
        stride=int(random.choice(STRIDES)),
        activation=str(random.choice(ACTIVATIONS)),
    )


def mutate_architecture(
    parent: Architecture, most: float, random: np.random.Generator
) -> tuple[Architecture, list[int | None]]:
    """One change, and which of the parent's layers each layer of the child comes from."""
    while True:
        layers = list(parent.layers)
        origin: list[int | None] = list(range(len(layers)))
        place = int(random.integers(len(layers)))
        what = str(random.choice(("filters", "kernel", "stride", "activation", "add", "remove")))
        if what == "add":
            layers.insert(place + 1, replace(_random_layer(random), stride=1))
            origin.insert(place + 1, None)
        elif what == "remove":
            del layers[place], origin[place]
        else:
            layers[place] = _changed(layers[place], what, random)
        child = Architecture(parent.image, tuple(layers))
        if layers and child != parent and child.feasible and child.multiply_adds() <= most:
            return child, origin


def _changed(layer: Layer, what: str, random: np.random.Generator) -> Layer:
    match what:
        case "filters":
            more = round(layer.filters * random.choice((0.5, 0.75, 1.5, 2.0)))
            return replace(layer, filters=int(np.clip(more, 1, MAX_FILTERS)))
        case "kernel":
            return replace(layer, kernel=int(random.choice(KERNELS)))
        case "stride":
            return replace(layer, stride=int(random.choice(STRIDES)))
    return replace(layer, activation=str(random.choice(ACTIVATIONS)))
