"""What the published networks minimise: 3DGAN's losses, weighted."""

from typing import TypeAlias

import tensorflow as tf

from heitler.config import LossWeights
from heitler.model.gan import Gan
from heitler.model.losses import (
    absolute_error,
    absolute_percentage_error,
    binary_cross_entropy,
    cell_sum,
    weighted_total,
)
from heitler.model.objective import (
    Adversarial,
    Events,
    Update,
    empty_share,
    generate,
    real_showers,
)

Tensor: TypeAlias = tf.Tensor
LOSSES = {
    "real_fake": binary_cross_entropy,
    "primary_energy": absolute_percentage_error,
    "ecal_sum": absolute_percentage_error,
    "theta": absolute_error,
}


class PublishedObjective(Adversarial):
    """Real/fake, the primary energy, the deposited energy and the angle, as in 3DGAN."""

    def __init__(self, gan: Gan, weights: LossWeights) -> None:
        self.gan, self.weights = gan, weights

    def real(self) -> Update:
        """As `Adversarial.real`."""

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            targets = {
                "real_fake": events.real_label,
                "primary_energy": events.energy,
                "ecal_sum": cell_sum(events.cells),
                "theta": events.theta,
            }
            return self._losses(showers, targets, count)

        return Update(self.gan.judge, real_showers, losses)

    def fake(self) -> Update:
        """As `Adversarial.fake`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, 0, training=False)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._losses(showers, self._fake_targets(events, 0), count)

        return Update(self.gan.judge, showers, losses)

    def generated(self, update: int) -> Update:
        """As `Adversarial.generated`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, update, training=True)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            targets = self._fake_targets(events, update)
            targets["real_fake"] = tf.ones_like(events.energy)  # the generator wants to pass
            return self._losses(showers, targets, count)

        return Update(self.gan.generator, showers, losses)

    def _fake_targets(self, events: Events, call: int) -> dict[str, Tensor]:
        return {
            "real_fake": events.fake_label,
            "primary_energy": events.fakes.energy[:, call],
            "ecal_sum": events.fakes.target_ecal_sum[:, call],
            "theta": events.fakes.target_theta[:, call],
        }

    def _losses(
        self, showers: list[Tensor], targets: dict[str, Tensor], count: Tensor
    ) -> dict[str, Tensor]:
        heads = self.gan.heads(showers[0], training=True)
        losses = {name: LOSSES[name](targets[name], heads[name], count) for name in heads}
        total = weighted_total(losses, self.weights)
        return {**losses, "empty": empty_share(heads["ecal_sum"], count), "total": total}
