"""Sizes of the layered generator, without TensorFlow.

The tables of layers are what `layer_level` and `cell_level` build: name, inputs, outputs.
"""

from dataclasses import dataclass

from heitler.model.architectures import Size

PAST = 4
"""Layers before that a layer is drawn from."""
MIXTURE = 8
"""Normal distributions in the mixtures of hits and energies of layers and of turns."""
RADII = (0.0, 1.0, 1.4142, 2.0, 2.2361, 3.0, 4.0, 5.5, 7.5, 10.0, 13.0, 18.0, 26.0)
"""Distances from the shower's axis, in cells, between which functions of it are straight lines."""
RINGS = (0.0, 0.5, 1.2, 1.6, 2.5, 4.0, 7.0)
"""Where rings around the axis begin, in cells; the last has no end."""
TOTALS = 3
"""Numbers of a layer as a whole: hits, energy per hit, energy."""
FEW = (1, 2, 3)
"""Hits that are left, each of which is told by a number of its own."""
LEFT = 3 + len(FEW)
"""Numbers that tell what is left of a layer's hits and energy."""
DRAWN = 3
"""Planes that tell what is drawn of a layer: hit, energy, whether it had its turn."""
COUNTED = 3
"""Numbers that how many hits a turn has is drawn from, besides what its cells are."""
SUMMED = 3
"""Numbers that a turn's energy is drawn from, besides what its cells are."""
SUMS_FROM = 4
"""Hits from which on a turn's energy is drawn by itself; of fewer, it is that of its cells."""
TURNS = 4
"""In which the cells of a layer are drawn: one place of every square of 2 x 2 cells in each."""
POINTS = 181
"""At which the spectrum of cell energies is known."""


@dataclass(frozen=True)
class LayeredSizes:
    """What decides the shapes of the weights."""

    image_shape: Size
    has_theta: bool
    channels: int
    """Of the convolutions."""
    hidden: int = 96
    """Of the dense layers that follow a layer's state."""
    layer_hidden: int = 128
    """Of the dense layers that draw a layer's hits and energy."""
    components: int = 5
    """Normal distributions in the mixture of a cell's energy."""

    @property
    def cells(self) -> int:
        """In a layer."""
        return self.image_shape[0] * self.image_shape[1]

    @property
    def layers(self) -> int:
        """Of the calorimeter."""
        return self.image_shape[2]

    @property
    def turns(self) -> tuple[tuple[int, int], ...]:
        """Places in squares of 2 x 2 cells, in the order in which they are drawn.

        That of the image's middle is the last one. There most showers have their axis, and what
        is drawn last takes the rest of the layer's energy: a strong cell is exact where that is
        the difference of all others, but weak ones would not be where it is that of a strong one.
        """
        x, y = ((size - 1) // 2 % 2 for size in self.image_shape[:2])
        return ((1 - x, 1 - y), (x, 1 - y), (1 - x, y), (x, y))

    @property
    def state(self) -> int:
        """Numbers that a layer's hits and energy are drawn from."""
        return 1 + self.has_theta + self.layers + PAST * TOTALS + 2

    @property
    def cell_state(self) -> int:
        """Numbers that a layer's cells are drawn from."""
        return self.state + TOTALS + PAST * len(RINGS)

    @property
    def outputs(self) -> int:
        """Numbers that the network says of a cell: whether it is hit, and with what energy."""
        return 1 + 3 * self.components

    @property
    def layer_dense(self) -> dict[str, tuple[int, int]]:
        """Dense layers that draw a layer's hits and energy: inputs and outputs by name."""
        width = self.layer_hidden
        return {
            "first": (self.state, width),
            "second": (width, width),
            "hits": (width, 3 * MIXTURE),
            "energy_hidden": (width + 3, width // 2),
            "energy": (width // 2, 3 * MIXTURE),
        }

    @property
    def cell_dense(self) -> dict[str, tuple[int, int]]:
        """Dense layers that draw cells."""
        width, hidden, state = self.channels, self.hidden, self.cell_state
        return {
            "steer": (state, hidden),
            "steer_features": (hidden, 4 * width),
            "turn": (state + LEFT + TURNS, hidden),
            "turn_hidden": (hidden, hidden),
            "steer_turn": (hidden, 2 * width),
            "count_hidden": (hidden + COUNTED, hidden // 2),
            "count": (hidden // 2, 3 * MIXTURE),
            "sum_hidden": (hidden + SUMMED, hidden // 2),
            "sum": (hidden // 2, 3 * MIXTURE),
            "radial": (hidden, len(RADII) * self.outputs),
            "place": (len(RADII), width),
            "inner": (width, width),
            "outputs": (width, self.outputs),
        }

    @property
    def cell_convolutions(self) -> dict[str, tuple[int, int, int]]:
        """Convolutions over the cells of a layer: taps per side, inputs and outputs."""
        width = self.channels
        return {
            "first": (5, PAST + 1, width),
            "second": (3, width, width),
            "drawn": (5, DRAWN, width),
        }

    @property
    def parameters(self) -> int:
        """Weights that are learned."""
        dense = [*self.layer_dense.values(), *self.cell_dense.values()]
        taps = [
            (side**2 * inputs, outputs) for side, inputs, outputs in self.cell_convolutions.values()
        ]
        return sum((inputs + 1) * outputs for inputs, outputs in (*dense, *taps))
