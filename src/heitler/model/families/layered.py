"""The layered generator, which learns by likelihood and has no discriminator: recipe `heitler`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.layered.sizes import LayeredSizes
from heitler.model.networks import Family

if TYPE_CHECKING:
    import keras

    from heitler.config import LossWeights
    from heitler.model.gan import Gan
    from heitler.model.objective import Update


class Layered(Family):
    """Of `heitler.model.layered`."""

    export = "layers"
    has_discriminator = False

    def build_generator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> keras.Model:
        """As `Family.build_generator`; there is no batch norm."""
        from heitler.model.layered.network import build_layered_generator

        return build_layered_generator(design, image_shape)

    def build_discriminator(
        self, design: Design, image_shape: Size, *, synchronised: bool = False
    ) -> NoReturn:
        """There is none."""
        raise ValueError("The layered generator learns by likelihood, without a discriminator.")

    def updates(self, gan: Gan, weights: LossWeights, count: int) -> dict[str, Update]:
        """The one by likelihood."""
        from heitler.model.layered.objective import likelihood_update

        [name] = self.update_names(count)
        return {name: likelihood_update(gan)}

    def parameter_counts(self, design: Design, image_shape: Size) -> tuple[int, int]:
        """As `Family.parameter_counts`."""
        return 0, LayeredSizes(image_shape, design.has_theta, design.channels).parameters

    def begin(self, generator: keras.Model, design: Design, train_file: Path) -> None:
        """From what is measured, if the design says so."""
        from heitler.model.layered.measured import measure_showers
        from heitler.model.layered.network import layered_shower

        if design.start == "measured":
            layered_shower(generator).measure(measure_showers(train_file))

    def find_layers(self) -> None:
        """As `Family.find_layers`."""
        from heitler.model.layered import network  # noqa: F401

    def update_names(self, count: int) -> list[str]:
        """One, however many are asked for."""
        return ["generator_1"]

    def generator_calls(self, design: Design, count: int) -> int:
        """A likelihood needs no fakes, but the random numbers of one."""
        return 1


FAMILY = Layered()
