"""Weights of the layered generator in a plain file, for the backends that need no TensorFlow."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.generation.errors import GenerationError
from heitler.model.layered.sizes import LayeredSizes

if TYPE_CHECKING:
    from heitler.model.layered.network import LayeredShower

Array = NDArray[np.float32]
MEASURED = ("axis", "spectrum", "profile", "scales")
"""What was measured on the training showers, in the order of `LayeredShower.build`."""


@dataclass(frozen=True)
class LayeredWeights:
    """A layered generator as arrays."""

    sizes: LayeredSizes
    energy_unit_GeV: float
    cell_unit_GeV: float
    arrays: dict[str, Array]
    """By name, as `names_of` has them."""

    def layer(self, name: str) -> tuple[Array, Array]:
        """Kernel and bias of a layer, such as cell_level/turn."""
        return self.arrays[f"{name}/kernel"], self.arrays[f"{name}/bias"]

    def flat(self) -> Array:
        """All numbers in one row: the arrays in order, then the two units."""
        units = np.array([self.energy_unit_GeV, self.cell_unit_GeV], np.float32)
        return np.concatenate([*(array.ravel() for array in self.arrays.values()), units])


def names_of(sizes: LayeredSizes) -> Iterator[str]:
    """Names of all arrays, in the order of the tables of `LayeredSizes`."""
    for layer in (
        *(f"layer_level/{name}" for name in sizes.layer_dense),
        *(f"cell_level/{name}" for name in sizes.cell_dense),
        *(f"cell_level/convolution_{name}" for name in sizes.cell_convolutions),
    ):
        yield f"{layer}/kernel"
        yield f"{layer}/bias"
    yield from MEASURED


def layered_weights(network: "LayeredShower") -> LayeredWeights:
    """The weights of a Keras layer."""
    levels = (network.layer_level.dense, network.cell_level.dense, network.cell_level.convolution)
    layers = [layer for level in levels for layer in level.values()]
    variables = [variable for layer in layers for variable in (layer.kernel, layer.bias)]
    variables += [getattr(network, name) for name in MEASURED]
    values = [np.asarray(variable.numpy(), np.float32) for variable in variables]
    arrays = dict(zip(names_of(network.sizes), values, strict=True))
    units = (float(network.energy_unit_GeV), float(network.cell_unit_GeV))
    return LayeredWeights(network.sizes, *units, arrays)


def write_layered_weights(path: Path, weights: LayeredWeights) -> None:
    """Write a NumPy archive, atomically: the arrays, and sizes and units as JSON beside them."""
    about = {
        "sizes": dataclasses.asdict(weights.sizes),
        "energy_unit_GeV": weights.energy_unit_GeV,
        "cell_unit_GeV": weights.cell_unit_GeV,
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        arrays: dict[str, Any] = {"about": json.dumps(about), **weights.arrays}
        np.savez(file, **arrays)


def read_layered_weights(path: Path) -> LayeredWeights:
    """Read what `write_layered_weights` wrote.

    Raises:
        GenerationError: if the file is missing, or does not hold a generator of this program.
    """
    try:
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            shape = tuple(about["sizes"].pop("image_shape"))
            sizes = LayeredSizes(shape, **about.pop("sizes"))
            arrays = {name: np.asarray(file[name], np.float32) for name in names_of(sizes)}
    except FileNotFoundError:
        raise GenerationError(f"{path}: not found") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        message = f"{path}: is no layered generator of this program ({error})"
        raise GenerationError(message) from None
    return LayeredWeights(sizes, about["energy_unit_GeV"], about["cell_unit_GeV"], arrays)
