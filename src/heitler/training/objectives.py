"""What each update of a cycle minimises: 3DGAN's losses, or those of the recipe `heitler`."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

import keras
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
from heitler.training.views import JUDGED, view_shower

Tensor: TypeAlias = tf.Tensor
Losses = Callable[[list[Tensor], Events, Tensor], dict[str, Tensor]]
"""Showers, events and the size of the global batch -> losses by name; "total" is what is minimised,
and "empty" the part of the fakes (of the real showers) that deposit nothing."""
LOSSES = {
    "real_fake": binary_cross_entropy,
    "primary_energy": absolute_percentage_error,
    "ecal_sum": absolute_percentage_error,
    "theta": absolute_error,
}


class Update(NamedTuple):
    """What one update of a cycle does."""

    network: keras.Model
    """That learns."""
    showers: Callable[[Events], list[Tensor]]
    """What is judged, (n, X, Y, Z, 1) in cell units each: the real showers, or the generator's."""
    losses: Losses


class Objective(Protocol):
    """A cycle's updates."""

    def real(self) -> Update:
        """Of the discriminator on real showers."""

    def fake(self) -> Update:
        """Of the discriminator on fakes."""

    def generated(self, update: int) -> Update:
        """Of the generator, counted from 1."""


def build_objective(gan: Gan, config: TrainConfig) -> Objective:
    """The objective of the networks' recipe."""
    if recipe_of(gan.model).networks == "sampled cells":
        return ScoreObjective(gan)
    return PublishedObjective(gan, config)


def generate(gan: Gan, events: Events, call: int, *, training: bool) -> Tensor:
    """The fakes of a generator call: (n, X, Y, Z, 1) in cell units."""
    fakes = events.fakes
    latent = latent_vector(
        gan.model, fakes.noise[:, call], fakes.energy[:, call], fakes.theta[:, call]
    )
    return gan.generator(latent, training=training)


def real_showers(events: Events) -> list[Tensor]:
    """As `Update.showers`, of the events themselves."""
    return [events.cells]


def empty_share(ecal_sum: Tensor, count: Tensor) -> Tensor:
    """Showers (n, 1) without any energy, over the global batch."""
    return tf.reduce_sum(tf.cast(ecal_sum == 0, count.dtype)) / count


class PublishedObjective:
    """Real/fake, the primary energy, the deposited energy and the angle, as in 3DGAN."""

    def __init__(self, gan: Gan, config: TrainConfig) -> None:
        self.gan, self.weights = gan, config.loss_weights

    def real(self) -> Update:
        """As `Objective.real`."""

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            targets = {
                "real_fake": events.real_label,
                "primary_energy": events.energy,
                "ecal_sum": cell_sum(events.cells),
                "theta": events.theta,
            }
            return self._losses(showers, targets, count)

        return Update(self.gan.discriminator, real_showers, losses)

    def fake(self) -> Update:
        """As `Objective.fake`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, 0, training=False)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._losses(showers, self._fake_targets(events, 0), count)

        return Update(self.gan.discriminator, showers, losses)

    def generated(self, update: int) -> Update:
        """As `Objective.generated`."""

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
        """As `Objective.real`."""

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.real_label, events, count)

        return Update(self.gan.discriminator, real_showers, losses)

    def fake(self) -> Update:
        """As `Objective.fake`."""

        def showers(events: Events) -> list[Tensor]:
            return [generate(self.gan, events, 0, training=False)]

        def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
            return self._told_apart(showers[0], events.fake_label, events, count)

        return Update(self.gan.discriminator, showers, losses)

    def generated(self, update: int) -> Update:
        """As `Objective.generated`: two fakes at the energy of every real shower."""
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
        return self.gan.discriminator(seen, training=True)
