"""Batch norm's moving averages, replaced by averages over the finished generator's own batches.

Moving averages forget with a factor per update: after few updates they still hold their start
(mean 0, variance 1), and at any time they belong to older weights.
"""

from collections.abc import Iterable

import keras
import numpy as np

from heitler.model.gan import batch_norms
from heitler.model.padded import Tensor


def recalibrate(generator: keras.Model, batches: Iterable[Tensor]) -> None:
    """Set the moving averages to means over batches of latent vectors, each (n, latent_dim)."""
    norms = batch_norms(generator)
    variables = [v for norm in norms for v in (norm.moving_mean, norm.moving_variance)]
    found = []
    for latent in batches:
        before = [variable.numpy() for variable in variables]
        generator(latent, training=True)
        after = [variable.numpy() for variable in variables]
        kept = [norm.momentum for norm in norms for _ in range(2)]
        found.append(
            [
                (new - keep * old) / (1 - keep)
                for old, new, keep in zip(before, after, kept, strict=True)
            ]
        )
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
    for variable, values in zip(variables, zip(*found, strict=True), strict=True):
        variable.assign(np.mean(values, axis=0))
