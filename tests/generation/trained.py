"""Generators with weights like those of a trained one: no bias and no statistic is 0 or 1."""

import keras
import numpy as np

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.networks import build_generator


def build_trained_generator(design: Design, image_shape: Size, seed: int = 5) -> keras.Model:
    """A generator with random weights, biases and batch-norm statistics."""
    keras.utils.set_random_seed(seed)
    generator = build_generator(design, image_shape)
    random = np.random.default_rng(seed)
    for variable in generator.weights:
        value = variable.numpy()
        if "variance" in variable.path:
            value = random.uniform(0.2, 3.0, value.shape)
        elif "gamma" in variable.path:
            value = random.uniform(0.5, 1.5, value.shape)
        elif value.ndim == 1:
            value = random.normal(0.0, 0.3, value.shape)
        variable.assign(value)
    return generator
