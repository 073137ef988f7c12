"""What runs a trained generator: TensorFlow, ONNX Runtime, or a kernel compiled for this machine.

They agree to rounding. The default, "auto", takes the fastest one. Of the layered generator that
is the compiled kernel, or ONNX Runtime where none can be compiled. Of the others, which have an
inference form, it is TensorFlow, but ONNX Runtime, whose calls cost less, for a single shower of a
small network such as the compact generator. benchmarks/generator.py measures it,
benchmarks/results has the figures.
"""

import functools
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from heitler.design import Design
from heitler.generation.errors import GenerationError
from heitler.generation.inference_form import InferenceForm, read_form
from heitler.generation.rewriting import build_inference_form
from heitler.model.architectures import Size
from heitler.model.networks import family_of

Array = NDArray[np.float32]
GenerateCells = Callable[[Array], Array]
"""Latent vectors (N, L) -> cells (N, X, Y, Z) in units of `cell_unit_GeV`."""

KERAS_FILE = "generator.keras"
FORM_FILE = "generator.npz"
"""Instead of Keras's, of a generator that exists in the inference form only."""
ONNX_FILE = "generator.onnx"
LAYERED_FILE = "generator.weights.npz"
"""Weights of a layered generator, for the compiled kernel."""
SMALL_NETWORK = 40_000_000
"""Multiplications per shower below which ONNX Runtime makes a single shower faster; measured."""
AT_ONCE = 64
"""Showers in flight, whatever the batch size: more are no faster and take 1.5 MB each."""


def load_backend(backend: str, folder: Path, design: Design, image_shape: Size) -> GenerateCells:
    """The generator in `folder`, ready to run.

    Raises:
        GenerationError: for an unknown backend, or if the folder lacks the backend's file.
    """
    layered = family_of(design).export == "layers" and not (folder / FORM_FILE).is_file()
    match backend:
        case "auto" if layered:
            run = _load_fastest_layered(folder, design)
        case "auto" | "tensorflow" if not _has_form(folder, design):
            run = _load_network(folder, design)
        case "auto":
            form = _load_form(folder, design, image_shape)
            several = _tensorflow(form)
            small = form.multiply_adds < SMALL_NETWORK and find_spec("onnxruntime")
            run = _choose(_load_onnx(folder), several) if small else several
        case "tensorflow":
            run = _tensorflow(_load_form(folder, design, image_shape))
        case "onnxruntime":
            run = _load_onnx(folder)
        case "compiled" if layered:
            run = _load_compiled(folder)
        case "compiled":
            raise GenerationError(
                f"The backend compiled draws showers of the layered generator only; {folder} holds "
                "another. Use auto, tensorflow or onnxruntime."
            )
        case _:
            raise GenerationError(
                f"The backend is {backend!r}, which is unknown. Use auto, compiled, tensorflow or "
                "onnxruntime."
            )
    return run_in_parts(run)


def _choose(one: GenerateCells, several: GenerateCells) -> GenerateCells:
    return lambda latent: one(latent) if len(latent) == 1 else several(latent)


# Each backend's library is imported where it is used: the other one need not be installed.
def _tensorflow(form: InferenceForm) -> GenerateCells:
    from heitler.generation.tensorflow_backend import tensorflow_backend

    return tensorflow_backend(form)


def _load_onnx(folder: Path) -> GenerateCells:
    from heitler.generation.onnx_backend import onnx_backend

    return onnx_backend(require_file(folder / ONNX_FILE))


def _load_compiled(folder: Path) -> GenerateCells:
    from heitler.generation.compiled_backend import compiled_backend

    return compiled_backend(folder / LAYERED_FILE)


def _load_fastest_layered(folder: Path, design: Design) -> GenerateCells:
    require_file(folder / KERAS_FILE)
    try:
        return _load_compiled(folder)
    except GenerationError as error:
        onnx = (folder / ONNX_FILE).is_file() and find_spec("onnxruntime")
        name = "ONNX Runtime" if onnx else "TensorFlow"
        _say_once(f"{name} draws the showers, not the faster compiled kernel: {error}.")
        return _load_onnx(folder) if onnx else _load_network(folder, design)


@functools.cache
def _say_once(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _has_form(folder: Path, design: Design) -> bool:
    """Whether the generator has an inference form: convolutions, or a compact generator."""
    return family_of(design).export == "convolutions" or (folder / FORM_FILE).is_file()


def _load_network(folder: Path, design: Design) -> GenerateCells:
    """The Keras network as it is."""
    from heitler.model.gan import compiled_inference

    generate = compiled_inference(_load_keras(folder, design))
    return lambda latent: np.asarray(generate(latent)[..., 0])


def _load_keras(folder: Path, design: Design) -> keras.Model:
    family_of(design).find_layers()
    path = require_file(folder / KERAS_FILE)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras has no type of its own for it
        cause = str(error).strip().splitlines()[0]
        raise GenerationError(
            f"{path}: this version of heitler cannot load it ({cause}). Another version made it, "
            "or it is damaged. generator.onnx beside it may still run: --backend onnxruntime."
        ) from error


def _load_form(folder: Path, design: Design, image_shape: Size) -> InferenceForm:
    if (folder / FORM_FILE).is_file():
        return read_form(folder / FORM_FILE)
    return build_inference_form(design, image_shape, _load_keras(folder, design).get_weights())


def write_backend_files(folder: Path, generator: Any, design: Design, shape: Size) -> None:
    """Write what the backends load, all from the same Keras model."""
    from heitler.base.files import atomic_path
    from heitler.generation.onnx_backend import write_onnx
    from heitler.generation.shower_graph import write_shower_graph

    with atomic_path(folder / KERAS_FILE) as temporary:
        staged = temporary.with_suffix(".keras")  # Keras insists on the suffix
        generator.save(staged)
        staged.replace(temporary)
    match family_of(design).export:
        case "layers":
            _write_layered(folder, generator, design)
        case "cells":
            write_shower_graph(folder / ONNX_FILE, generator, design, shape)
        case "convolutions":
            form = build_inference_form(design, shape, generator.get_weights())
            write_onnx(folder / ONNX_FILE, form)


def _write_layered(folder: Path, generator: Any, design: Design) -> None:
    from heitler.generation.layered_graph import write_layered_graph
    from heitler.generation.layered_weights import layered_weights, write_layered_weights
    from heitler.model.layered.network import layered_shower

    weights = layered_weights(layered_shower(generator))
    write_layered_weights(folder / LAYERED_FILE, weights)
    write_layered_graph(folder / ONNX_FILE, weights, design.latent_dim)


def require_file(path: Path) -> Path:
    """The path, if the file is there.

    Raises:
        GenerationError: naming the file and the stage that makes it.
    """
    if not path.is_file():
        raise GenerationError(
            f"{path}: not found. Train a generator first (`dvc repro train`), or name the folder "
            "of a trained one."
        )
    return path


def run_in_parts(run: GenerateCells, at_once: int = AT_ONCE) -> GenerateCells:
    """The same function, on at most `at_once` showers at a time."""

    def run_parts(latent: Array) -> Array:
        starts = range(0, len(latent), at_once)
        return np.concatenate([run(latent[start : start + at_once]) for start in starts])

    return run_parts
