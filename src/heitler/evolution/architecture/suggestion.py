"""Optuna's view of the architectures."""

from typing import Any

from heitler.evolution.architecture.space import (
    ACTIVATIONS,
    KERNELS,
    MAX_FILTERS,
    MAX_LAYERS,
    STRIDES,
    Architecture,
    Layer,
)


def suggest_architecture(trial: Any, image: tuple[int, int]) -> Architecture:
    """Ask an `optuna.Trial` for depth and layers; what it says may not fit the image."""
    layers = [
        Layer(
            filters=trial.suggest_int(f"filters_{i}", 1, MAX_FILTERS),
            kernel=trial.suggest_categorical(f"kernel_{i}", KERNELS),
            stride=trial.suggest_categorical(f"stride_{i}", STRIDES),
            activation=trial.suggest_categorical(f"activation_{i}", ACTIVATIONS),
        )
        for i in range(trial.suggest_int("layers", 1, MAX_LAYERS))
    ]
    return Architecture(image, tuple(layers))
