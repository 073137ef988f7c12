"""An inference form in a file: the weights of a generator that exists in this form only."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from heitler.base.files import atomic_path
from heitler.generation.inference_form import Convolution, InferenceForm, Matrix
from heitler.model.phases import AxisFold, Grid


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
