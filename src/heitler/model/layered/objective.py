"""The one update of the layered generator: the likelihood of real showers, and no discriminator."""

from typing import TypeAlias

import tensorflow as tf

from heitler.model.gan import Gan
from heitler.model.layered.likelihood import Showers, mirror, negative_log_likelihood
from heitler.model.layered.network import layered_shower
from heitler.model.layered.noise import uniforms
from heitler.model.objective import Events, Update, real_showers

Tensor: TypeAlias = tf.Tensor
MIRRORS = 3
"""Random numbers that decide how a shower is mirrored."""


def likelihood_update(gan: Gan) -> Update:
    """Minimise the negative logarithm of the likelihood, per layer, of the batch's showers.

    An event's random numbers (which of its layers the convolutions see, how it is mirrored) are
    counted out from the noise that it has in the cycle: the same on any number of workers.
    """
    network = layered_shower(gan.generator)
    seen = gan.design.layers_seen

    def losses(showers: list[Tensor], events: Events, count: Tensor) -> dict[str, Tensor]:
        uniform = uniforms(events.fakes.noise[:, 0], network.sizes.layers + MIRRORS)
        cells = mirror(network, showers[0][..., 0], uniform[:, :MIRRORS])
        given = Showers(
            cells / network.hit_per_cell_unit,
            events.energy,
            events.fakes.theta[:, 0],
            uniform[:, MIRRORS:],
        )
        found = negative_log_likelihood(network, given, seen)
        parts = {name: tf.reduce_sum(value) / count for name, value in found.items()}
        total = tf.add_n(list(parts.values()))
        return {**parts, "empty": tf.zeros_like(total), "total": total}

    return Update(gan.generator, real_showers, losses)
