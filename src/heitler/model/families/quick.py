"""Small 2D networks for studies of many trainings; they learn and count as the published ones.

They stand for those: what they would send between workers is what the published ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.families.published import Published

if TYPE_CHECKING:
    import keras


class Quick(Published):
    """Of `heitler.model.quick_networks`."""

    export = "network"

    def build_generator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """As `Family.build_generator`."""
        from heitler.model.published_networks import batch_norm
        from heitler.model.quick_networks import build_quick_generator

        norm = batch_norm(design, synchronised) if design.generator_norm == "batch" else None
        return build_quick_generator(design, image_shape, norm)

    def build_discriminator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """As `Published.build_discriminator`."""
        from heitler.model.published_networks import batch_norm
        from heitler.model.quick_networks import build_quick_discriminator

        return build_quick_discriminator(design, image_shape, batch_norm(design, synchronised))


FAMILY = Quick()
