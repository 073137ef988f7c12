"""What the variants of the generator's benchmark read: one set of weights in every format."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
from generator_plain import write_plain_onnx

from heitler.config import Config, as_dict
from heitler.data.hdf5 import read_showers
from heitler.detector import image_shape
from heitler.generation.compact import build_compact_form
from heitler.generation.inference_form import InferenceForm, write_form
from heitler.generation.onnx_backend import onnx_backend, write_onnx
from heitler.generation.rewriting import build_inference_form
from heitler.model.architectures import ARCHITECTURES, base_size
from heitler.model.networks import build_generator

CHECKED = 4
"""Showers on which every variant proves that it is the same function."""


def write_files(folder: Path, config: Config, showers: int) -> InferenceForm:
    """Write a network of random weights for all variants; speed does not depend on the weights."""
    model, shape = dataclasses.replace(config.model, kernels="plain"), image_shape(config.detector)
    keras.utils.set_random_seed(1)
    generator = build_generator(model.design, shape)
    weights = [_like_trained(variable) for variable in generator.weights]
    generator.set_weights(weights)
    latent = np.random.default_rng(2).standard_normal((showers, model.latent_dim), np.float32)
    expected = np.asarray(generator(latent[:CHECKED], training=False))[..., 0]
    form = build_inference_form(model.design, shape, weights)
    about = {"model": as_dict(model), "image_shape": shape}
    (folder / "about.json").write_text(json.dumps(about))
    np.save(folder / "latent.npy", latent)
    np.save(folder / "expected.npy", expected)
    np.savez(folder / "weights.npz", *weights)
    write_onnx(folder / "ours.onnx", form)
    write_plain_onnx(folder / "plain.onnx", model, shape, weights)
    _write_plain_arrays(folder / "plain.npz", model, shape, weights)
    _write_form_arrays(folder / "ours.npz", form)
    compact = build_compact_form(model.latent_dim, shape, config.compact)
    write_form(folder / "compact.npz", compact)
    write_onnx(folder / "compact.onnx", compact)
    np.save(
        folder / "expected_compact.npy", onnx_backend(folder / "compact.onnx")(latent[:CHECKED])
    )
    return form


def geant4_seconds(folder: Path, bins: int = 5) -> list[dict[str, float]]:
    """CPU seconds per Geant4 shower in bins of primary energy, from the simulated files."""
    files = [read_showers(path) for path in sorted(folder.glob("*.h5"))]
    if not files:
        return []
    energy, seconds = (
        np.concatenate([getattr(file, name) for file in files])
        for name in ("primary_energy_GeV", "cpu_seconds")
    )
    edges = np.linspace(energy.min(), energy.max(), bins + 1)
    which = np.clip(np.digitize(energy, edges) - 1, 0, bins - 1)
    return [
        {
            "energy_GeV": float(energy[which == i].mean()),
            "cpu_s_per_shower": float(seconds[which == i].mean()),
            "showers": int((which == i).sum()),
        }
        for i in range(bins)
        if (which == i).any()
    ]


def _like_trained(variable: keras.Variable) -> np.ndarray:
    """Random biases and batch-norm statistics, so that an error in any of them is seen."""
    random = np.random.default_rng(len(variable.path))
    value = variable.numpy()
    if "variance" in variable.path or "gamma" in variable.path:
        value = random.uniform(0.5, 1.5, value.shape)
    elif value.ndim == 1:
        value = random.normal(0, 0.1, value.shape)
    return value.astype(np.float32)


def _write_plain_arrays(path: Path, model, shape, weights: list[np.ndarray]) -> None:
    architecture = ARCHITECTURES[model.network]
    leaky = model.leaky_relu_slope if architecture.leaky_generator else 0.0
    names = iter(str(index) for index in range(2, len(weights)))
    layers = [
        {
            "upsample": conv.upsample,
            "pads": [((k - 1) // 2, k // 2) for k in conv.kernel]
            if conv.pad is None
            else [(p, p) for p in conv.pad],
            "kernel": next(names),
            "bias": next(names) if conv.bias else None,
            "slope": 0.0 if conv.last else leaky,
            "norm": [next(names) for _ in range(4)] if conv.batch_norm else [],
            "epsilon": architecture.batch_norm_epsilon,
        }
        for conv in architecture.generator
    ]
    base = (*base_size(architecture.generator, shape), architecture.base_channels)
    arrays = {str(index): weight for index, weight in enumerate(weights)}
    np.savez(path, about=json.dumps({"base": base, "layers": layers}), **arrays)


def _write_form_arrays(path: Path, form: InferenceForm) -> None:
    steps = [
        {
            "pads": step.pads,
            "slope": step.slope,
            "rearrange": step.rearrange,
            "blocks": [grid.blocks for grid in step.grids],
            "phases": [grid.phases for grid in step.grids],
            "inside": [(grid.shift, grid.shift + grid.size) for grid in step.grids],
            "filters": step.filters,
        }
        for step in form.convolutions
    ]
    about = {"shape": form.matrix.shape, "slope": form.matrix.slope, "steps": steps}
    arrays = {"matrix": form.matrix.weight, "matrix_bias": form.matrix.bias}
    for index, step in enumerate(form.convolutions):
        arrays |= {f"kernel_{index}": step.kernel, f"bias_{index}": step.bias}
    singles = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
    np.savez(path, about=json.dumps(about), **singles)
