"""Sizes of the networks of the recipe `heitler`, without TensorFlow."""

from heitler.config import ModelConfig
from heitler.model.architectures import Size
from heitler.model.recipes import condition_count, recipe_of

WIDTH = 128
"""Features of each dense layer."""
RANK = 24
"""Features that the cells' expected deposits depend on."""
BLOCKS = 5
"""Along x and along y, for the view of coarse cells."""


def view_size(image_shape: Size) -> int:
    """Numbers in the views that the discriminator sees: `heitler.training.views`."""
    x, y, z = image_shape
    blocks = min(BLOCKS, x) * min(BLOCKS, y) * z
    return 1 + z + (x + y) + blocks + (1 + z) + 6


def dense_parameter_counts(model: ModelConfig, image_shape: Size) -> tuple[int, int]:
    """Trainable parameters of discriminator and generator."""
    x, y, z = image_shape
    conditions = condition_count(model)
    inputs = min(conditions + recipe_of(model).shape_noise, model.latent_dim)
    hidden = _dense(WIDTH, WIDTH)
    generator = (
        _dense(inputs, WIDTH)
        + hidden
        + _dense(WIDTH + inputs, RANK)
        + _dense(RANK, x * y * z)
        + _dense(WIDTH + conditions, 1)
        + 2 * z  # a hit's energy and kappa
    )
    return _dense(view_size(image_shape) + conditions, WIDTH) + hidden + _dense(WIDTH, 1), generator


def _dense(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs
