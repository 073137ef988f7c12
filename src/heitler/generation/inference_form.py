"""The generator as a matrix and a few short convolutions: what the inference backends run.

Volumes are stored as blocks: (N, blocks x, y, z, phases x, y, z * C), where a block holds the
cells of all phases (`heitler.model.phases`). With one phase per axis a block is a cell.
Pure NumPy; `heitler.generation.rewriting` makes the form from a trained generator.

An inference form in a file: the weights of a generator that exists in this form only.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import atomic_path
from heitler.model.architectures import Size
from heitler.model.phases import AxisFold, Folds, Grid, Grids

Array = NDArray[np.float32]
Float = NDArray[np.floating]


@dataclass(frozen=True)
class Matrix:
    """Latent vectors (N, L) -> volume (N, X, Y, Z, C), one phase per axis."""

    weight: Float
    """(L, X * Y * Z * C)"""
    bias: Float
    """(X * Y * Z * C,)"""
    shape: tuple[int, int, int, int]
    """(X, Y, Z, C)"""
    slope: float = 1.0
    """Of the leaky ReLU that follows; 1 is no activation."""

    @property
    def multiply_adds(self) -> int:
        """Per shower."""
        return self.weight.size


@dataclass(frozen=True)
class Convolution:
    """Stored volume -> stored volume, by one convolution without padding."""

    kernel: Float
    """(taps x, y, z, C, D)"""
    bias: Float
    """(D,), or (blocks x, y, z, D) where it differs near the faces."""
    slope: float
    """Of the leaky ReLU that follows; 0 is ReLU."""
    folds: Folds
    rearrange: bool = True
    """Whether the next step wants single cells."""

    @property
    def pads(self) -> list[tuple[int, int]]:
        """Zero blocks to add (or, if negative, blocks to cut) along x, y, z before convolving."""
        return [fold.pads for fold in self.folds]

    @property
    def grids(self) -> Grids:
        """How the result is stored."""
        x, y, z = (fold.result for fold in self.folds)
        return x, y, z

    @property
    def filters(self) -> int:
        """Channels of a cell of the result."""
        phases = math.prod(grid.phases for grid in self.grids)
        return int(self.kernel.shape[-1]) // phases

    @property
    def multiply_adds(self) -> int:
        """Per shower, including those with the zeros of the folded kernel."""
        blocks = math.prod(grid.blocks for grid in self.grids)
        return self.kernel.size * blocks


@dataclass(frozen=True)
class InferenceForm:
    """Latent vectors (N, L) -> cells (N, X, Y, Z) in units of `cell_unit_GeV`."""

    matrix: Matrix
    convolutions: tuple[Convolution, ...]
    cropped: Size
    """Cells to cut before each axis: the network may make more than the image."""
    image_shape: Size

    @property
    def multiply_adds(self) -> int:
        """Per shower."""
        return self.matrix.multiply_adds + sum(step.multiply_adds for step in self.convolutions)


def convolve(volume: Float, step: Convolution) -> Float:
    """The convolution alone, without bias and activation: (N, blocks, C) -> (N, blocks, D)."""
    pads = [(max(low, 0), max(high, 0)) for low, high in step.pads]
    volume = np.pad(volume, [(0, 0), *pads, (0, 0)])
    cuts = (slice(max(-low, 0), min(high, 0) or None) for low, high in step.pads)
    volume = volume[:, *cuts]
    taps = step.kernel.shape[:3]
    windows = np.lib.stride_tricks.sliding_window_view(volume, taps, axis=(1, 2, 3))
    return np.tensordot(windows, step.kernel, axes=((5, 6, 7, 4), (0, 1, 2, 3)))


def to_cells(volume: Float, grids: Grids) -> Float:
    """Blocks to single cells: (N, blocks x, y, z, phases x, y, z * C) -> (N, X, Y, Z, C)."""
    x, y, z = grids
    split = (x.blocks, y.blocks, z.blocks, x.phases, y.phases, z.phases, -1)
    volume = volume.reshape(len(volume), *split).transpose(0, 1, 4, 2, 5, 3, 6, 7)
    volume = volume.reshape(len(volume), *(g.blocks * g.phases for g in grids), -1)
    return volume[:, *(slice(g.shift, g.shift + g.size) for g in grids)]


def write_form(path: Path, form: InferenceForm) -> None:
    """Write all arrays, and what is no array as JSON beside them, as a NumPy archive."""
    steps = [
        {
            "slope": step.slope,
            "rearrange": step.rearrange,
            "folds": [_describe(fold) for fold in step.folds],
        }
        for step in form.convolutions
    ]
    about = {
        "shape": form.matrix.shape,
        "slope": form.matrix.slope,
        "cropped": form.cropped,
        "image_shape": form.image_shape,
        "steps": steps,
    }
    arrays: dict[str, Any] = {"weight": form.matrix.weight, "bias": form.matrix.bias}
    for index, step in enumerate(form.convolutions):
        arrays |= {f"kernel_{index}": step.kernel, f"bias_{index}": step.bias}
        arrays |= {f"fold_{index}_{axis}": fold.weight for axis, fold in enumerate(step.folds)}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, about=json.dumps(about), **arrays)


def read_form(path: Path) -> InferenceForm:
    """Read what `write_form` wrote."""
    with np.load(path) as arrays:
        about = json.loads(str(arrays["about"]))
        steps = []
        for index, step in enumerate(about["steps"]):
            x, y, z = (
                AxisFold(arrays[f"fold_{index}_{axis}"], first, Grid(*source), Grid(*result))
                for axis, (first, source, result) in enumerate(step["folds"])
            )
            kernel, bias = arrays[f"kernel_{index}"], arrays[f"bias_{index}"]
            steps.append(Convolution(kernel, bias, step["slope"], (x, y, z), step["rearrange"]))
        matrix = Matrix(arrays["weight"], arrays["bias"], tuple(about["shape"]), about["slope"])
        return InferenceForm(
            matrix, tuple(steps), tuple(about["cropped"]), tuple(about["image_shape"])
        )


def _describe(fold: AxisFold) -> tuple[int, list[int], list[int]]:
    grids = ([grid.size, grid.phases, grid.shift] for grid in (fold.source, fold.result))
    source, result = grids
    return fold.first, source, result
