"""Train a classifier, keep the epoch that its choice set likes best, ask it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import heitler.base.lean_keras  # noqa: F401  (first: a quicker import of Keras)

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.judge.samples import Rows, Split
from heitler.validation.classifier import Answers

Inputs = Callable[[Rows], Any]
"""Tensors that the network takes, from rows of the pool."""

ASKED_AT_ONCE = 256
SLOWER = 0.4
"""Factor of the learning rate after half the patience without a better epoch."""
PERFECT = 0.9999
"""Choice-set AUC that need not become better."""


@dataclass(frozen=True)
class Schedule:
    """How a classifier is trained."""

    learning_rate: float
    """Adam's."""
    batch_size: int
    epochs: int
    """At most."""
    patience: int
    """Epochs without a better one before it ends."""


@dataclass(frozen=True)
class Fitted:
    """What became of one training."""

    choice: Answers
    asked: Answers
    best_epoch: int
    epochs: int


def fit_and_ask(
    network: keras.Model,
    inputs: Inputs,
    label: NDArray[np.int64],
    split: Split,
    schedule: Schedule,
    seed: int,
    advance: Callable[[], Any] = lambda: None,
) -> Fitted:
    """Train until the AUC on the choice set stops improving; answers are those of the best epoch.

    CaloChallenge chooses by accuracy; the AUC needs no threshold and is less noisy for few
    showers. `advance` is called after every epoch.
    """
    optimizer = keras.optimizers.Adam(schedule.learning_rate)
    signature = tf.nest.map_structure(_of_any_length, inputs(split.choice[:1]))
    step = _training_step(network, optimizer, signature)
    ask = _asking(network, inputs, label, signature)
    random = np.random.default_rng(seed)
    best, best_epoch, kept, epoch = -1.0, 0, network.get_weights(), 0
    while epoch < schedule.epochs and epoch - best_epoch < schedule.patience and best < PERFECT:
        epoch += 1
        for rows in _batches(split.seen, schedule.batch_size, random):
            step(inputs(rows), tf.constant(label[rows, None], tf.float32))
        found = ask(split.choice).auc
        if found > best:
            best, best_epoch, kept = found, epoch, network.get_weights()
        elif (epoch - best_epoch) % max(schedule.patience // 2, 1) == 0:
            optimizer.learning_rate.assign(optimizer.learning_rate * SLOWER)
        advance()
    network.set_weights(kept)
    return Fitted(ask(split.choice), ask(split.asked), best_epoch, epoch)


def _of_any_length(batch: tf.Tensor) -> tf.TensorSpec:
    """Signature of tensors like this one with any number of rows: each network is compiled once."""
    return tf.TensorSpec([None, *batch.shape[1:]], batch.dtype)


def _training_step(
    network: keras.Model, optimizer: keras.Optimizer, signature: Any
) -> Callable[..., None]:
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    optimizer.build(network.trainable_variables)

    def step(inputs: Any, label: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = cross_entropy(label, network(inputs, training=True))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    label = tf.TensorSpec([None, 1], tf.float32)
    compiled: Callable[..., None] = tf.function(step, input_signature=[signature, label])
    return compiled


def _asking(
    network: keras.Model, inputs: Inputs, label: NDArray[np.int64], signature: Any
) -> Callable[[Rows], Answers]:
    answer = tf.function(lambda batch: network(batch, training=False), input_signature=[signature])

    def ask(rows: Rows) -> Answers:
        pieces = np.array_split(rows, max(1, -(-len(rows) // ASKED_AT_ONCE)))
        output = np.concatenate([answer(inputs(piece)).numpy()[:, 0] for piece in pieces])
        return Answers(output.astype(np.float64), label[rows])

    return ask


def _batches(rows: Rows, size: int, random: np.random.Generator) -> list[Rows]:
    """All rows in random order, in batches of nearly the same size."""
    count = max(1, round(len(rows) / size))
    return np.array_split(random.permutation(rows), count)
