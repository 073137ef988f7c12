"""The generator in PyTorch: as published, and in the form that this project runs.

Needs PyTorch and NumPy only; the weights come from files that `generator.py` writes.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

CHANNELS_LAST = torch.channels_last_3d


def plain_network(path: Path, threads: int):
    """One PyTorch call per layer of the published network."""
    torch.set_num_threads(threads)
    arrays, about = load(path)
    dense_kernel, dense_bias = torch.tensor(arrays["0"]), torch.tensor(arrays["1"])

    @torch.inference_mode()
    def run(latent: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(latent) @ dense_kernel + dense_bias
        x = x.reshape(-1, *about["base"]).permute(0, 4, 1, 2, 3)
        for layer in layers:
            if layer["upsample"] != [1, 1, 1]:
                x = functional.interpolate(x, scale_factor=[float(u) for u in layer["upsample"]])
            x = functional.conv3d(pad(x, layer["pads"]), layer["kernel"], layer["bias"])
            x = functional.leaky_relu(x, layer["slope"])
            if layer["norm"]:
                gamma, beta, mean, variance = layer["norm"]
                x = functional.batch_norm(x, mean, variance, gamma, beta, eps=layer["epsilon"])
        return x[:, 0].numpy()

    layers = [
        layer
        | {
            "kernel": channels_first(arrays[layer["kernel"]]),
            "bias": torch.tensor(arrays[layer["bias"]]) if layer["bias"] else None,
            "norm": [torch.tensor(arrays[name]) for name in layer["norm"]],
        }
        for layer in about["layers"]
    ]
    return run


def rewritten_network(path: Path, threads: int):
    """The inference form of `heitler.generation.inference_form`."""
    torch.set_num_threads(threads)
    arrays, about = load(path)
    weight, bias = torch.tensor(arrays["matrix"]), torch.tensor(arrays["matrix_bias"])
    kernels = [channels_first(arrays[f"kernel_{i}"]) for i in range(len(about["steps"]))]
    biases = [torch.tensor(arrays[f"bias_{i}"]) for i in range(len(about["steps"]))]

    @torch.inference_mode()
    def run(latent: np.ndarray) -> np.ndarray:
        x = functional.leaky_relu(torch.addmm(bias, torch.from_numpy(latent), weight), slope)
        x = x.reshape(-1, *about["shape"]).permute(0, 4, 1, 2, 3)  # stays channels last
        for step, kernel, bias_map in zip(about["steps"], kernels, biases, strict=True):
            x = functional.conv3d(pad(x, step["pads"]), kernel).permute(0, 2, 3, 4, 1)
            x = functional.leaky_relu_(x + bias_map, step["slope"])  # (N, X, Y, Z, C)
            if step["rearrange"]:
                x = x.reshape(-1, *step["blocks"], *step["phases"], step["filters"])
                x = x.permute(0, 1, 4, 2, 5, 3, 6, 7)
                x = x.reshape(-1, *np.multiply(step["blocks"], step["phases"]), step["filters"])
                (a, b), (c, d), (e, f) = step["inside"]
                x = x[:, a:b, c:d, e:f]
            x = x.permute(0, 4, 1, 2, 3)
        return x[:, 0].numpy()

    slope = about["slope"]
    return run


def load(path: Path):
    arrays = dict(np.load(path))
    return arrays, json.loads(str(arrays.pop("about")))


def channels_first(kernel: np.ndarray) -> torch.Tensor:
    return torch.tensor(kernel.transpose(4, 3, 0, 1, 2).copy()).to(memory_format=CHANNELS_LAST)


def pad(x: torch.Tensor, pads) -> torch.Tensor:
    """Zero-pad (or, for negative numbers, cut) x, y, z."""
    flat = [p for axis in reversed(pads) for p in axis]
    return functional.pad(x, flat) if any(flat) else x
