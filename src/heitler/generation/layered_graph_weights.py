"""Weights of the layered generator in the form of its ONNX graph.

Whatever is linear and constant is done here once: mixtures become differences from one normal
distribution to the next, in the unit of places in the spectrum; biases take in which layer and turn
it is; the convolution of drawn cells becomes one from the tiles of earlier turns.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from heitler.generation.layered_weights import LayeredWeights
from heitler.model.layered.sizes import DRAWN, LEFT, POINTS, TURNS, LayeredSizes
from heitler.model.layered.state import HITS_ROOT

Array = NDArray[np.float64]
NEVER = -1e9
"""Logit of what is no cell."""


def cells_left(sizes: LayeredSizes) -> Iterator[int]:
    """Cells that come after every turn but the last."""
    x, y = sizes.image_shape[:2]
    later = x * y
    for first, second in sizes.turns[:-1]:
        later -= len(range(first, x, 2)) * len(range(second, y, 2))
        yield later


def differences(count: int) -> Array:
    """Mixtures (..., 3 K) times this (3 K, 3 K): means and widths as steps from one to the next."""
    steps = np.eye(count) - np.eye(count, k=1)
    return np.kron(np.diag([0, 1, 1]), steps) + np.kron(np.diag([1, 0, 0]), np.eye(count))


class GraphWeights:
    """Arrays of one generator, in double precision."""

    def __init__(self, weights: LayeredWeights) -> None:
        self.sizes = sizes = weights.sizes
        self.units = weights.energy_unit_GeV, weights.cell_unit_GeV
        self._arrays = {n: a.astype(np.float64) for n, a in weights.arrays.items()}
        self.axis, self.spectrum, self.profile, self.scales = (
            self._arrays[name] for name in ("axis", "spectrum", "profile", "scales")
        )
        self.tiles_xy = tuple((size + 1) // 2 for size in sizes.image_shape[:2])
        self.tiles = self.tiles_xy[0] * self.tiles_xy[1]
        self.typical_hits = self.scales[0] * self.scales[1] / sizes.layers
        self.middle_place = (POINTS - 1) / 2
        self.place_per_deviate = self.middle_place / self.scales[3]
        self.cell_of_tile = self._cells()

    @property
    def phases(self) -> list[int]:
        """The turn of each place of a tile, row by row: the order of DepthToSpace."""
        places = [2 * x + y for x, y in self.sizes.turns]
        return [places.index(place) for place in range(TURNS)]

    def layer(self, name: str) -> tuple[Array, Array]:
        """Kernel and bias of a layer, such as cell_level/turn."""
        return self._arrays[f"{name}/kernel"], self._arrays[f"{name}/bias"]

    def _cells(self) -> NDArray[np.int64]:
        """The cell of each tile in each turn, -1 where there is none: (TURNS, T)."""
        x, y = self.sizes.image_shape[:2]
        rows, columns = self.tiles_xy
        cells = np.full((TURNS, rows, columns), -1)
        index = np.arange(x * y).reshape(x, y)
        for turn, (first, second) in enumerate(self.sizes.turns):
            own = index[first::2, second::2]
            cells[turn, : own.shape[0], : own.shape[1]] = own
        return cells.reshape(TURNS, -1)

    def by_layer(self, name: str) -> tuple[Array, Array]:
        """A dense layer after a state: its kernel without the row of the layer's place (one-hot),
        and a bias (Z, B) for every layer of the calorimeter."""
        kernel, bias = self.layer(name)
        first = 1 + self.sizes.has_theta
        rows = slice(first, first + self.sizes.layers)
        return np.delete(kernel, rows, axis=0), bias + kernel[rows]

    def steering(self) -> tuple[Array, Array]:
        """What follows a layer's state, `steer` and `turn` for every turn, as one dense layer."""
        steer, steer_bias = self.by_layer("cell_level/steer")
        turn, turn_bias = self.by_layer("cell_level/turn")
        of_turns = turn[-TURNS:]
        kernels = [steer, *[turn[: len(steer)]] * TURNS]
        biases = [steer_bias, *(turn_bias + of_turns[t] for t in range(TURNS))]
        return np.concatenate(kernels, axis=1), np.concatenate(biases, axis=1)

    def scales_and_shifts(self) -> tuple[Array, Array]:
        """`steer_features`, 1 added to what scales."""
        kernel, bias = self.layer("cell_level/steer_features")
        return kernel, bias + np.repeat([1.0, 0.0, 1.0, 0.0], self.sizes.channels)

    def mixture(self, name: str) -> tuple[Array, Array]:
        """A dense layer that says a mixture, in steps."""
        kernel, bias = self.layer(name)
        steps = differences(len(bias) // 3)
        return kernel @ steps, bias @ steps

    @property
    def inside(self) -> Array:
        """1 where the even image has a cell, else 0: (X, Y)."""
        rows, columns = (2 * tiles for tiles in self.tiles_xy)
        image = np.zeros((rows, columns))
        image[: self.sizes.image_shape[0], : self.sizes.image_shape[1]] = 1
        return image

    def told(self) -> Array:
        """Rows of `turn` for what `what_is_left` tells, whose divisors they take in."""
        kernel, _ = self.layer("cell_level/turn")
        factors = np.ones((LEFT, 1))
        factors[:3, 0] = 1 / HITS_ROOT, 0.5, 0.5
        return kernel[-TURNS - LEFT : -TURNS] * factors

    def outputs(self) -> Array:
        """(outputs, channels)"""
        kernel, _ = self.layer("cell_level/outputs")
        return (kernel @ self._to_steps()).T

    def turn_steering(self) -> tuple[Array, Array]:
        """`steer_turn` and `radial` as one dense layer with a bias for every layer.

        Scale and shift of the channels; then outputs x nodes, with all biases of the outputs, for
        the weights of the nodes add up to 1, and one more node for what is no cell.
        """
        steer, steer_bias = self.layer("cell_level/steer_turn")
        steer_bias = steer_bias + np.repeat([1.0, 0.0], self.sizes.channels)
        radial, bias = self.layer("cell_level/radial")
        k, outputs, layers = self.sizes.components, self.sizes.outputs, self.sizes.layers
        start = bias.reshape(-1, outputs) + self.layer("cell_level/outputs")[1]
        start = np.tile(start, (layers, 1, 1))  # (Z, R, outputs)
        start[..., 0] += self.profile[..., 0]
        start[..., 1 + k : 1 + 2 * k] += self.profile[..., 1:]
        steps = self._to_steps()
        start = start @ steps
        start[..., 1 + k] += self.middle_place
        never = np.zeros((layers, 1, outputs))
        never[..., 0] = NEVER
        start = np.concatenate([start, never], axis=1).transpose(0, 2, 1)
        kernel = radial.reshape(len(radial), -1, outputs) @ steps
        kernel = np.pad(kernel, [(0, 0), (0, 1), (0, 0)]).transpose(0, 2, 1)
        return (
            np.concatenate([steer, kernel.reshape(len(kernel), -1)], axis=1),
            np.concatenate([np.tile(steer_bias, (layers, 1)), start.reshape(layers, -1)], axis=1),
        )

    def _to_steps(self) -> Array:
        k = self.sizes.components
        steps = np.zeros((1 + 3 * k, 1 + 3 * k))
        steps[0, 0] = 1
        steps[1:, 1:] = differences(k)
        steps[1 + k : 1 + 2 * k] *= self.place_per_deviate
        return steps

    def from_turns(self, turn: int) -> Array:
        """The convolution `drawn` from tiles of all turns before: (channels, 2 turn, 3, 3)."""
        kernel, _ = self.layer("cell_level/convolution_drawn")
        reach = len(kernel) // 2
        x, y = self.sizes.turns[turn]
        kernels = np.zeros((kernel.shape[3], turn, DRAWN - 1, 3, 3))
        for i, j in np.ndindex(kernel.shape[:2]):
            for before, (x0, y0) in enumerate(self.sizes.turns[:turn]):
                across, along = x + i - reach - x0, y + j - reach - y0
                if across % 2 == 0 and along % 2 == 0:
                    place = across // 2 + 1, along // 2 + 1
                    kernels[:, before, :, *place] = kernel[i, j, : DRAWN - 1].T
        kernels[:, :, 1] /= 5  # as `cell_feature`
        return kernels.reshape(kernel.shape[3], -1, 3, 3)

    def done(self, turn: int) -> Array:
        """What `drawn` says of which cells had their turn, and its bias: (channels, T)."""
        kernel, bias = self.layer("cell_level/convolution_drawn")
        reach = len(kernel) // 2
        x, y = self.sizes.image_shape[:2]
        padded = np.zeros((x + 2 * reach, y + 2 * reach))
        for first, second in self.sizes.turns[:turn]:
            padded[reach + first : reach + x : 2, reach + second : reach + y : 2] = 1
        said = np.zeros((x, y, len(bias))) + bias
        for i, j in np.ndindex(kernel.shape[:2]):
            said += padded[i : i + x, j : j + y, None] * kernel[i, j, DRAWN - 1]
        return np.asarray(said.reshape(x * y, -1)[self.cell_of_tile[turn]].T)
