"""Sizes of the networks of the recipe `heitler`, without TensorFlow."""

from heitler.design import Design
from heitler.model.architectures import Size

WIDTH = 128
"""Features of each dense layer."""
RANK = 24
"""Features that the cells' expected deposits depend on."""
BLOCKS = 5
"""Along x and along y, for the view of coarse cells."""


def view_size(image_shape: Size) -> int:
    """Numbers in the views that the discriminator sees: `heitler.model.score_objective`."""
    x, y, z = image_shape
    blocks = min(BLOCKS, x) * min(BLOCKS, y) * z
    return 1 + z + (x + y) + blocks + (1 + z) + 6


def dense_parameter_counts(design: Design, image_shape: Size) -> tuple[int, int]:
    """Trainable parameters of discriminator and generator."""
    x, y, z = image_shape
    conditions = design.condition_count
    inputs = min(conditions + design.shape_noise, design.latent_dim)
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
