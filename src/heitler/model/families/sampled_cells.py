"""Dense networks that draw every cell by itself, with energy scores: the recipe `dense`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.dense_sizes import dense_parameter_counts
from heitler.model.networks import Family

if TYPE_CHECKING:
    import keras

    from heitler.config import LossWeights
    from heitler.model.gan import Gan
    from heitler.model.objective import Update


class SampledCells(Family):
    """Of `heitler.model.shower_generator`."""

    export = "cells"

    def build_generator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """As `Family.build_generator`; there is no batch norm."""
        from heitler.model.shower_generator import build_shower_generator

        return build_shower_generator(design, image_shape)

    def build_discriminator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """Views of showers -> logit of being real (N, 1)."""
        from heitler.model.shower_generator import build_view_discriminator

        return build_view_discriminator(design, image_shape)

    def updates(self, gan: Gan, weights: LossWeights, count: int) -> dict[str, Update]:
        """Energy scores of views, and real/fake; weights are the recipe's own."""
        from heitler.model.score_objective import ScoreObjective

        return ScoreObjective(gan).updates(count)

    def parameter_counts(self, design: Design, image_shape: Size) -> tuple[int, int]:
        """As `Family.parameter_counts`."""
        return dense_parameter_counts(design, image_shape)

    def begin(self, generator: keras.Model, design: Design, train_file: Path) -> None:
        """From the mean shower, if the design says so."""
        from heitler.data.summary import mean_shower
        from heitler.model.shower_generator import start_from_mean

        if design.start == "mean shower":
            start_from_mean(generator, mean_shower(train_file))

    def find_layers(self) -> None:
        """As `Family.find_layers`."""
        from heitler.model import shower_generator  # noqa: F401


FAMILY = SampledCells()
