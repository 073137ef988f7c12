"""One training cycle in one compiled function: D on real, D on fake, then G (twice, published).

Each update sums its gradients over this worker's batch-norm groups and then over all workers,
together with the losses and the batch-norm statistics, in one all-reduce. While the discriminator's
travel, the next fakes are made. Losses are normalised
by the global batch, so N workers compute what one worker with the same groups computes.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import keras
import tensorflow as tf

from heitler.cluster.heartbeat import come
from heitler.cluster.world import sum_over_workers
from heitler.config import TrainConfig
from heitler.model.batch_norm import (
    FastBatchNormalization,
    SynchronisedBatchNormalization,
    grouped,
)
from heitler.model.gan import Gan, moving_statistics
from heitler.model.group_norm import Groups
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.objective import Events, Update
from heitler.training.batch import CycleBatch, batch_signature

Tensor: TypeAlias = tf.Tensor
MAX_DROPOUT_LAYERS = 16
EVENTS_AT_ONCE, CELLS_AT_ONCE = 64, 250_000
"""Most that several groups may have to be computed together; one is computed whatever its size."""


class CycleResult(NamedTuple):
    """Losses are means over the global batch, equal on every worker; times are this worker's."""

    losses: dict[str, dict[str, Tensor]]
    """By update, then by loss name; "total" is the weighted sum."""
    empty_fraction: Tensor
    """Share of fakes in which no energy is deposited."""
    reductions: Tensor
    """(updates, 2) s, of each all-reduce: when this worker had nothing else to do, and when it went
    on. What it computed while the sums were made counts as computing."""
    gradient_norms: dict[str, Tensor]
    """By update (3,), for the noise scale: mean over groups of the squared norm of the group's
    gradient (per event), squared norm of the global batch's, mean over groups of 1 / events."""
    asked: Tensor
    """(2,) more than 0 where any worker wants to [stop, save] after the cycle; equal on all."""


def compile_cycle(gan: Gan, train: TrainConfig) -> Callable[[CycleBatch], CycleResult]:
    """The training cycle of these networks as one compiled function, for any number of events."""
    calls = gan.family.generator_calls(gan.design, train.generator_updates_per_cycle)
    compiled: Callable[[CycleBatch], CycleResult] = tf.function(
        _Cycle(gan, train).run,
        input_signature=[batch_signature(gan.design, gan.image_shape, calls)],
        autograph=False,  # translating Python's source is a third of the tracing
    )

    def run(batch: CycleBatch) -> CycleResult:
        come()
        return compiled(batch)

    return run


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


class Begun(NamedTuple):
    """One group's part of an update as far as it needs no weights of the update before."""

    statistics: list[Tensor]
    """The moving averages of the generator's batch norm before it, if the generator learns."""
    events: Events
    tape: tf.GradientTape
    showers: list[Tensor]


class Travelling(NamedTuple):
    """An update whose sums over the workers are being made."""

    update: Update
    sums: Sums
    ready: Tensor
    """When this worker's were there: s on the clock of `time.time`."""


class Done(NamedTuple):
    """An update."""

    sums: Sums
    """Over all workers."""
    norms: Tensor
    """(3,) as in `CycleResult`."""
    times: Tensor
    """(2,) as in `CycleResult.reductions`."""


class _Cycle:
    def __init__(self, gan: Gan, train: TrainConfig) -> None:
        self.gan, self.seed, self.workers = gan, train.seed, train.workers
        count = train.generator_updates_per_cycle
        self.updates = gan.family.updates(gan, train.loss_weights, count)
        self.averaging = gan.design.averaging
        networks = [network for network in (gan.generator, gan.discriminator) if network]
        layers = [layer for network in networks for layer in network.layers]
        self.dropouts = [layer for layer in layers if isinstance(layer, KeyedDropout)]
        self.norms = [x for x in layers if isinstance(x, keras.layers.BatchNormalization)]
        self.at_once = groups_at_once(train, self.norms, math.prod(gan.image_shape))
        self.blocks = train.batch_norm_groups // train.workers // self.at_once
        for layer in self.norms:
            if isinstance(layer, SynchronisedBatchNormalization):
                layer.connect(lambda sums: sum_over_workers([sums], "batch_norm")[0])

    def run(self, batch: CycleBatch) -> CycleResult:
        updates, generator = self.updates, self.gan.generator
        done: list[Done] = []
        last: Travelling | None = None
        for number, (name, update) in enumerate(updates.items()):
            if last and last.update.network is generator:
                done.append(self._finish(last, last.ready))
            # Fakes need the generator only: they are made while the discriminator's sums travel.
            with tf.control_dependencies([last.ready] if last else []):
                after = tf.nest.map_structure(tf.identity, batch)
            begun = self._begin(update, after, tf.constant(0))
            if last and last.update.network is not generator:
                with tf.control_dependencies(begun.showers):
                    idle = tf.timestamp()
                done.append(self._finish(last, idle))
            last = self._differentiate(name, number, update, after, begun)
        assert last is not None
        done.append(self._finish(last, last.ready))
        losses = {name: end.sums.losses for name, end in zip(updates, done, strict=True)}
        empty = {name: part.pop("empty") for name, part in losses.items()}
        fakes = [share for name, share in empty.items() if name != "discriminator_real"]
        return CycleResult(
            losses,
            tf.add_n(fakes) / len(fakes),
            tf.stack([end.times for end in done]),
            {name: end.norms for name, end in zip(updates, done, strict=True)},
            done[-1].sums.asked,
        )

    def _begin(self, update: Update, batch: CycleBatch, block: Tensor) -> Begun:
        """Make the showers of a block of groups."""
        learns = update.network is self.gan.generator
        statistics = moving_statistics(update.network) if learns else []
        first, last = self._ends(batch, block)
        events = tf.nest.map_structure(lambda t: t[first:last], batch.events)
        before = [tf.identity(value) for value in statistics]
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape:
            tape.watch([weight.value for weight in update.network.trainable_variables])
            with grouped(self.norms, self._groups(batch, block)):
                return Begun(before, events, tape, update.showers(events))

    def _differentiate(
        self, name: str, number: int, update: Update, batch: CycleBatch, begun: Begun
    ) -> Travelling:
        """Gradients of all blocks, of which the first has begun; send them."""
        model = update.network
        weights = [weight.value for weight in model.trainable_variables]
        statistics, of_judge = moving_statistics(model), moving_statistics(self.gan.discriminator)
        restored = of_judge if model is self.gan.discriminator else [*statistics, *of_judge]
        before = [*begun.statistics, *(tf.identity(value) for value in of_judge)]

        def block_sums(block: Tensor, begun: Begun) -> Sums:
            first, last = self._ends(batch, block)
            self._key_dropout(number, batch.first_event + first, batch)
            with begun.tape, grouped(self.norms, self._groups(batch, block)):
                losses = update.losses(begun.showers, begun.events, batch.count)
            gradients = begun.tape.gradient(losses["total"], weights)
            for gradient, weight in zip(gradients, weights, strict=True):
                gradient.set_shape(weight.shape)  # a bias's is not known by itself
            share = tf.cast(last - first, batch.count.dtype) / batch.count
            noise = tf.stack([squared_norm(gradients) / share**2, 1 / (share * batch.count)])
            blocks = self.blocks * self.workers
            moved = [tf.identity(value) / blocks for value in statistics]
            return Sums(gradients, moved, losses, noise / blocks, batch.asked)

        def add_block(block: Tensor, sums: Sums) -> tuple[Tensor, Sums]:
            _assign(restored, before)
            more = block_sums(block, self._begin(update, batch, block))
            return block + 1, tf.nest.map_structure(tf.add, sums, more)

        sums = block_sums(tf.constant(0), begun)
        if self.blocks > 1:
            _, sums = tf.while_loop(
                lambda block, sums: block < self.blocks, add_block, (tf.constant(1), sums)
            )
        if model is not self.gan.discriminator:  # which is frozen now
            _assign(of_judge, before[len(begun.statistics) :])
        tensors = tf.nest.flatten(sums)
        with tf.control_dependencies(tensors):
            ready = tf.timestamp()
        with tf.control_dependencies([ready]):
            reduced = sum_over_workers([tf.identity(tensor) for tensor in tensors], name)
        return Travelling(update, tf.nest.pack_sequence_as(sums, reduced), ready)

    def _ends(self, batch: CycleBatch, block: Tensor) -> tuple[Tensor, Tensor]:
        """Where a block begins and ends among this worker's events."""
        return batch.splits[block * self.at_once], batch.splits[(block + 1) * self.at_once]

    def _groups(self, batch: CycleBatch, block: Tensor) -> Groups | None:
        """Which of a block's events belong together; None if it is one group."""
        if self.at_once == 1:
            return None
        first = block * self.at_once
        ends = batch.splits[first : first + self.at_once + 1]  # (at_once + 1,)
        return Groups(tf.repeat(tf.range(self.at_once), ends[1:] - ends[:-1]), self.at_once)

    def _finish(self, travelling: Travelling, idle: Tensor) -> Done:
        """The optimiser's step, once the sums are there."""
        update, sums, _ = travelling
        with tf.control_dependencies([*tf.nest.flatten(sums), idle]):
            times = tf.stack([idle, tf.timestamp()])
        self._optimizer(update.network).apply(sums.gradients, update.network.trainable_variables)
        _assign(moving_statistics(update.network), sums.statistics)
        if update.network is self.gan.generator and self.averaging:
            self.gan.average(self.averaging)
        small, inverse_events = tf.unstack(sums.noise)
        norms = tf.stack([small, squared_norm(sums.gradients), inverse_events])
        return Done(sums, norms, times)

    def _optimizer(self, model: keras.Model) -> Any:
        gan = self.gan
        is_generator = model is gan.generator
        return gan.generator_optimizer if is_generator else gan.discriminator_optimizer

    def _key_dropout(self, update: int, first_event: Tensor, batch: CycleBatch) -> None:
        """Make masks a function of seed, cycle, update, place in the global batch and layer."""
        updates = len(self.updates)
        for index, layer in enumerate(self.dropouts):
            stream = self.seed * MAX_DROPOUT_LAYERS + index
            layer.set_key(stream, batch.cycle * updates + update, first_event)


def groups_at_once(
    train: TrainConfig, norms: list[keras.layers.BatchNormalization], cells: int
) -> int:
    """How many groups of a worker are computed together: as many as stay small.

    Their number divides the worker's groups. Keras's own batch norm computes one after another, and
    networks without batch norm do not care.
    """
    own = train.batch_norm_groups // train.workers
    if not norms or not all(isinstance(norm, FastBatchNormalization) for norm in norms):
        return 1
    events = math.ceil(train.global_batch_size / train.batch_norm_groups)
    most = min(EVENTS_AT_ONCE, CELLS_AT_ONCE // cells) // events
    return max((n for n in range(1, own + 1) if own % n == 0 and n <= most), default=1)


def squared_norm(gradients: list[Tensor]) -> Tensor:
    """Sum of the squares of all elements: scalar."""
    return 2 * tf.add_n([tf.nn.l2_loss(gradient) for gradient in gradients])


def _assign(variables: list[tf.Variable], values: list[Tensor]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
