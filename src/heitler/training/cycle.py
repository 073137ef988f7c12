"""One training cycle in one compiled function: D on real, D on fake, then G (twice, published).

Each update sums its gradients over this worker's batch-norm groups and then over all workers,
together with the losses and the batch-norm statistics, in one all-reduce. Losses are normalised
by the global batch, so N workers compute what one worker with the same groups computes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import keras
import tensorflow as tf

from heitler.cluster.world import sum_over_workers
from heitler.config import TrainConfig
from heitler.model.batch_norm import SynchronisedBatchNormalization
from heitler.model.gan import Gan, batch_norms, moving_statistics
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.recipes import recipe_of
from heitler.training.batch import CycleBatch, CycleResult, batch_signature
from heitler.training.objectives import Update, build_objective

Tensor: TypeAlias = tf.Tensor
MAX_DROPOUT_LAYERS = 16


class Sums(NamedTuple):
    """What one update adds up over groups and workers."""

    gradients: list[Tensor]
    statistics: list[Tensor]
    """Moving averages of batch norm, divided by the number of groups."""
    losses: dict[str, Tensor]
    noise: Tensor
    """(2,) squared norm of the group's gradient and 1 / events, divided by the number of groups."""
    asked: Tensor
    """(2,) as in `CycleBatch`; it travels with the gradients, so that agreeing costs nothing."""


class Times(NamedTuple):
    """Of one update, s on the clock of `time.time`."""

    made: Tensor
    """Its first group's showers are there."""
    ready: Tensor
    """Its gradients are there."""
    done: Tensor
    """Their sums over all workers are there."""


def compile_cycle(gan: Gan, config: TrainConfig) -> Callable[[CycleBatch], CycleResult]:
    """The training cycle of these networks as one compiled function, for any number of events."""
    compiled: Callable[[CycleBatch], CycleResult] = tf.function(
        _Cycle(gan, config).run, input_signature=[batch_signature(gan, config)]
    )
    return compiled


class _Cycle:
    def __init__(self, gan: Gan, config: TrainConfig) -> None:
        self.gan = gan
        self.config = config
        self.objective = build_objective(gan, config)
        self.averaging = recipe_of(gan.model).averaging
        self.groups = config.batch_norm_groups // config.workers
        self.dropouts = [
            layer for layer in gan.discriminator.layers if isinstance(layer, KeyedDropout)
        ]
        for layer in (*batch_norms(gan.generator), *batch_norms(gan.discriminator)):
            if isinstance(layer, SynchronisedBatchNormalization):
                layer.connect(lambda sums: sum_over_workers([sums], "batch_norm")[0])

    def run(self, batch: CycleBatch) -> CycleResult:
        objective = self.objective
        updates = {"discriminator_real": objective.real(), "discriminator_fake": objective.fake()}
        for number in range(1, self.config.generator_updates_per_cycle + 1):
            updates[f"generator_{number}"] = objective.generated(number)
        losses: dict[str, dict[str, Tensor]] = {}
        times, norms = [], {}
        ready = tf.timestamp()
        for number, (name, update) in enumerate(updates.items()):
            # Fakes need the generator only: they are made while the discriminator's gradients
            # are summed, and not before.
            with tf.control_dependencies([ready]):
                after = tf.nest.map_structure(tf.identity, batch)
            sums, norms[name], time = self._update(name, number, update, after)
            losses[name] = sums.losses
            times.append(time)
            ready = time.ready
        _, *fakes = [part.pop("empty") for part in losses.values()]
        empty = tf.add_n(fakes) / len(fakes)
        learning = [update.network for update in updates.values()]
        reductions = tf.stack(exposed_reductions(times, learning, self.gan.generator))
        return CycleResult(losses, empty, reductions, norms, sums.asked)

    def _update(
        self, name: str, number: int, update: Update, batch: CycleBatch
    ) -> tuple[Sums, Tensor, Times]:
        """Gradients, all-reduce, optimiser step.

        Returns:
            Sums over all workers, gradient norms (3,) as in `CycleResult`, times.
        """
        model = update.network
        weights = [weight.value for weight in model.trainable_variables]
        statistics = moving_statistics(model)
        frozen = (
            [] if model is self.gan.discriminator else moving_statistics(self.gan.discriminator)
        )
        before = [tf.identity(value) for value in (*statistics, *frozen)]

        def group_sums(group: Tensor) -> tuple[Sums, Tensor]:
            for variable, value in zip((*statistics, *frozen), before, strict=True):
                variable.assign(value)
            first, last = batch.splits[group], batch.splits[group + 1]
            self._key_dropout(number, batch.first_event + first, batch)
            events = tf.nest.map_structure(lambda t: t[first:last], batch.events)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                showers = update.showers(events)
                with tf.control_dependencies(showers):
                    made = tf.timestamp()
                losses = update.losses(showers, events, batch.count)
            gradients = tape.gradient(losses["total"], weights)
            share = tf.cast(last - first, batch.count.dtype) / batch.count
            noise = tf.stack([squared_norm(gradients) / share**2, 1 / (share * batch.count)])
            groups = self.config.batch_norm_groups
            moved = [tf.identity(value) / groups for value in statistics]
            return Sums(gradients, moved, losses, noise / groups, batch.asked), made

        sums, made = group_sums(tf.constant(0))
        if self.groups > 1:
            for group in tf.range(1, self.groups):
                sums = tf.nest.map_structure(tf.add, sums, group_sums(group)[0])
        for variable, value in zip(frozen, before[len(statistics) :], strict=True):
            variable.assign(value)
        reduced, ready, done = _timed_sum(tf.nest.flatten(sums), name)
        sums = tf.nest.pack_sequence_as(sums, reduced)
        self._optimizer(model).apply(sums.gradients, model.trainable_variables)
        for variable, value in zip(statistics, sums.statistics, strict=True):
            variable.assign(value)
        if model is self.gan.generator and self.averaging:
            self.gan.average(self.averaging)
        small, inverse_events = tf.unstack(sums.noise)
        norms = tf.stack([small, squared_norm(sums.gradients), inverse_events])
        return sums, norms, Times(made, ready, done)

    def _optimizer(self, model: keras.Model) -> Any:
        gan = self.gan
        is_generator = model is gan.generator
        return gan.generator_optimizer if is_generator else gan.discriminator_optimizer

    def _key_dropout(self, update: int, first_event: Tensor, batch: CycleBatch) -> None:
        """Make masks a function of seed, cycle, update, place in the global batch and layer."""
        updates = 2 + self.config.generator_updates_per_cycle
        for index, layer in enumerate(self.dropouts):
            stream = self.config.seed * MAX_DROPOUT_LAYERS + index
            layer.set_key(stream, batch.cycle * updates + update, first_event)


def squared_norm(gradients: list[Tensor]) -> Tensor:
    """Sum of the squares of all elements: scalar."""
    return 2 * tf.add_n([tf.nn.l2_loss(gradient) for gradient in gradients])


def _timed_sum(tensors: list[Tensor], name: str) -> tuple[list[Tensor], Tensor, Tensor]:
    """Sums over the workers, when it began and when it ended: s."""
    with tf.control_dependencies(tensors):
        ready = tf.timestamp()
    with tf.control_dependencies([ready]):
        sums = sum_over_workers([tf.identity(tensor) for tensor in tensors], name)
    with tf.control_dependencies(sums):
        return sums, ready, tf.timestamp()


def exposed_reductions(
    times: list[Times], learning: list[keras.Model], generator: keras.Model
) -> list[Tensor]:
    """Of each all-reduce, (2,) s: when this worker had nothing else to do, and when it went on.

    The showers of the update that follows one of the discriminator need no sums; the first of them
    are made meanwhile.
    """
    rows = []
    for number, time in enumerate(times):
        idle = time.ready
        if learning[number] is not generator and number + 1 < len(times):
            idle = tf.maximum(idle, times[number + 1].made)
        rows.append(tf.stack([idle, tf.maximum(idle, time.done)]))
    return rows
