"""What each update of a cycle minimises: 3DGAN's losses, or those of the recipe `heitler`."""

from typing import Protocol, TypeAlias

import tensorflow as tf

from heitler.config import TrainConfig
from heitler.model.gan import Gan, latent_vector
from heitler.model.losses import (
    absolute_error,
    absolute_percentage_error,
    binary_cross_entropy,
    cell_sum,
    weighted_total,
)
from heitler.model.recipes import recipe_of
from heitler.training.batch import Events
from heitler.training.energy_score import WEIGHTS, energy_score
from heitler.training.likelihood import likelihood_update
from heitler.training.update import Update, real_showers
from heitler.training.views import JUDGED, view_shower

Tensor: TypeAlias = tf.Tensor
LOSSES = {
    "real_fake": binary_cross_entropy,
    "primary_energy": absolute_percentage_error,
    "ecal_sum": absolute_percentage_error,
    "theta": absolute_error,
}


class Adversarial(Protocol):
    """The updates of a cycle in which two networks compete."""

    def real(self) -> Update:
        """The discriminator's update on real showers."""

    def fake(self) -> Update:
        """The discriminator's update on fakes."""

    def generated(self, update: int) -> Update:
        """The generator's update of this number, counted from 1."""


def cycle_updates(gan: Gan, config: TrainConfig) -> dict[str, Update]:
    """The updates of a cycle, by name and in order, as the networks' recipe has them."""
    match recipe_of(gan.model).networks:
        case "layered":
            return {"generator_1": likelihood_update(gan)}
        case "sampled cells":
            objective: Adversarial = ScoreObjective(gan)
        case _:
            objective = PublishedObjective(gan, config)
    updates = {"discriminator_real": objective.real(), "discriminator_fake": objective.fake()}
    for number in range(1, config.generator_updates_per_cycle + 1):
        updates[f"generator_{number}"] = objective.generated(number)
    return updates


def generate(gan: Gan, events: Events, call: int, *, training: bool) -> Tensor:
    """The fakes of a generator call: (n, X, Y, Z, 1) in cell units."""
    fakes = events.fakes
    latent = latent_vector(
        gan.model, fakes.noise[:, call], fakes.energy[:, call], fakes.theta[:, call]
    )
    return gan.generator(latent, training=training)


def empty_share(ecal_sum: Tensor, count: Tensor) -> Tensor:
    """Showers (n, 1) without any energy, over the global batch."""
    return tf.reduce_sum(tf.cast(ecal_sum == 0, count.dtype)) / count


class PublishedObjective:
    """Real/fake, the primary energy, the deposited energy and the angle, as in 3DGAN."""

    def __init__(self, gan: Gan, config: TrainConfig) -> None:
        self.gan, self.weights = gan, config.loss_weights

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


class ScoreObjective:
    """Energy scores of the views of a shower, and a discriminator that reads them."""

    def __init__(self, gan: Gan) -> None:
        self.gan, self.recipe = gan, recipe_of(gan.model)

    def real(self) -> Update:
        """As `Adversarial.real`."""

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.real_label, events, count)

        return Update(self.gan.judge, real_showers, losses)

    def fake(self) -> Update:
        """As `Adversarial.fake`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, 0, training=False)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.fake_label, events, count)

        return Update(self.gan.judge, showers, losses)

    def generated(self, update: int) -> Update:
        """As `Adversarial.generated`: two fakes at the energy of every real shower."""
        first = self.recipe.fakes_per_update * (update - 1) + 1

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, first + i, training=True) for i in (0, 1)]

        def losses(fakes: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            real = self._view(events.cells, events)
            one, other = (self._view(cells, events) for cells in fakes)
            scores = {
                name: energy_score(real[name], one[name], other[name], count) for name in WEIGHTS
            }
            score = tf.add_n([WEIGHTS[name] * part for name, part in scores.items()])
            wanted = tf.ones_like(events.energy)
            passed = tf.add_n(
                [
                    binary_cross_entropy(wanted, self._judge(view, events), 2 * count)
                    for view in (one, other)
                ]
            )
            total = self.recipe.score_weight * score + self.recipe.adversarial_weight * passed
            named = {f"score_{name}": part for name, part in scores.items()}
            empty = tf.add_n([empty_share(cell_sum(cells), 2 * count) for cells in fakes])
            return {**named, "real_fake": passed, "empty": empty, "total": total}

        return Update(self.gan.generator, showers, losses)

    def _told_apart(
        self, cells: Tensor, label: Tensor, events: Events, count: Tensor
    ) -> dict[str, Tensor]:
        logit = self._judge(self._view(cells, events), events)
        loss = binary_cross_entropy(label, logit, count)
        return {"real_fake": loss, "empty": empty_share(cell_sum(cells), count), "total": loss}

    def _view(self, cells: Tensor, events: Events) -> dict[str, Tensor]:
        expected = events.fakes.target_ecal_sum[:, 0]  # all calls are at the real energy
        return view_shower(cells[..., 0], expected, self.gan.model.cell_unit_GeV)

    def _judge(self, view: dict[str, Tensor], events: Events) -> Tensor:
        """(n, 1)"""
        condition = [tf.math.log(events.energy)]
        if self.gan.has_theta:
            condition.append(events.fakes.theta[:, 0])
        seen = tf.concat([*(view[name] for name in JUDGED), *condition], axis=1)
        return self.gan.judge(seen, training=True)
