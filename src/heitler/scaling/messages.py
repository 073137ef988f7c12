"""How many bytes the workers exchange in a training cycle, from the networks' description."""

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.networks import family_of

BYTES = 4
"""Gradients are exchanged in single precision."""
LOSSES = 5
"""Numbers that ride along with the gradients."""


def cycle_messages_B(design: Design, image_shape: Size, generator_updates: int) -> tuple[int, ...]:
    """Bytes of each all-reduce of a cycle, such as D on real, D on fake, then G's updates.

    Each carries the gradients of the updated network, its batch-norm statistics, and the losses.
    """
    family = family_of(design)
    discriminator, generator = family.parameter_counts(design, image_shape)
    counts = {"discriminator": discriminator, "generator": generator}
    learning = [name.partition("_")[0] for name in family.update_names(generator_updates)]
    return tuple(BYTES * (counts[network] + LOSSES) for network in learning)
