"""What the variants of the training benchmark read: events, parameters, layers."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from heitler.config import Config, as_dict
from heitler.detector import image_shape
from heitler.model.architectures import ARCHITECTURES, Conv, Size, base_size, output_size
from heitler.model.phases import fold_axes, single_cells


def write_files(folder: Path, config: Config, showers: int) -> None:
    """Write made-up events, whose values do not matter for speed, and the networks."""
    shape = image_shape(config.detector)
    np.savez(folder / "events.npz", **_events(config, shape, showers))
    about = {
        "model": as_dict(config.model),
        "train": as_dict(config.train),
        "image_shape": shape,
    }
    (folder / "about.json").write_text(json.dumps(about))
    (folder / "layers.json").write_text(json.dumps(_layers(config, shape)))


def _events(config: Config, shape: Size, showers: int) -> dict[str, np.ndarray]:
    """Sparse images, about as many empty cells as in real showers."""
    random = np.random.default_rng(1)
    hit = random.uniform(size=(showers, *shape, 1)) < 0.2
    calls, numbers = 1 + config.train.generator_updates_per_cycle, config.model.design.noise_dim
    return {
        "cells": (hit * random.gamma(0.4, 0.5, hit.shape)).astype(np.float32),
        "energy": random.uniform(0.1, 1, (showers, 1)).astype(np.float32),
        "noise": random.standard_normal((showers, calls, numbers), np.float32),
    }


def _layers(config: Config, shape: Size) -> dict[str, Any]:
    """The networks for a program that knows nothing of this project."""
    model, train = config.model, config.train
    architecture = ARCHITECTURES[model.network]
    if model.design.has_theta or train.generator_updates_per_cycle != 2:
        raise SystemExit("This benchmark is of model.network 3dgan-25 as published: params.yaml.")
    base = base_size(architecture.generator, shape)
    if output_size(architecture.generator, base) != shape:
        raise SystemExit(f"This benchmark needs images that are not cropped, unlike {shape}.")
    features = [n // 2 for n in output_size(architecture.discriminator, shape)]
    common = {"epsilon": architecture.batch_norm_epsilon}
    return {
        "base": [*base, architecture.base_channels],
        "latent_dim": model.latent_dim,
        "features": int(np.prod(features)) * architecture.discriminator[-1].filters,
        "generator": [
            common | layer | {"slope": 0.0 if conv.last else model.leaky_relu_slope, "dropout": 0}
            for conv, layer in _convolutions(architecture.generator, base)
        ],
        "discriminator": [
            common | layer | {"slope": model.leaky_relu_slope, "dropout": model.dropout}
            for _, layer in _convolutions(architecture.discriminator, shape)
        ],
        "loss_weights": as_dict(train.loss_weights),
        "learning_rate": train.learning_rate,
        "rmsprop_rho": train.rmsprop_rho,
    }


def _convolutions(layers: tuple[Conv, ...], size: Size) -> list[tuple[Conv, dict[str, Any]]]:
    described = []
    for conv in layers:
        layer = {
            "filters": conv.filters,
            "kernel": conv.kernel,
            "pads": conv.pads,
            "upsample": conv.upsample,
            "batch_norm": conv.batch_norm,
            "bias": conv.bias,
            "fold": _fold(conv, size),
        }
        described.append((conv, layer))
        size = conv.output_size(size)
    return described


def _fold(conv: Conv, size: Size) -> dict[str, Any]:
    """Upsampling and convolution as one, per axis: `heitler.model.phases`."""
    folds = fold_axes(conv, single_cells(size))
    return {
        "matrices": [fold.weight[:, :, 0].astype(np.float32).tolist() for fold in folds],
        "pads": [fold.pads for fold in folds],
        "inside": [(fold.result.shift, fold.result.shift + fold.result.size) for fold in folds],
    }
