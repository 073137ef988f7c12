"""The gradient noise scale, against its definition and against gradients taken one by one."""

import dataclasses
import itertools
from pathlib import Path

import horovod.tensorflow as hvd
import numpy as np
import pytest
import tensorflow as tf

from heitler.config import Config, load_config
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.summary import load_summary
from heitler.model.gan import Gan, build_gan
from heitler.model.losses import weighted_total
from heitler.model.objective import Events
from heitler.model.published_objective import LOSSES
from heitler.training.batch import BatchAssembler, CycleBatch
from heitler.training.cycle import compile_cycle
from heitler.training.noise_scale import GradientNoise, estimate

GROUPS = 4


def test_signal_and_noise_are_found_from_gradients_of_two_batch_sizes() -> None:
    """Events with known mean and covariance, in groups that are not quite equal."""
    random = np.random.default_rng(1)
    signal, spread, sizes = 1.0, 3.0, [5, 5, 4, 5]
    count, dimensions = sum(sizes), 1000
    found = []
    for _ in range(200):
        events = signal + spread * random.standard_normal((count, dimensions))
        groups = np.split(events, np.cumsum(sizes)[:-1])
        norms = [np.sum(group.mean(axis=0) ** 2) for group in groups]
        whole = np.sum(events.mean(axis=0) ** 2)
        measured = np.array([np.mean(norms), whole, np.mean(1 / np.array(sizes))])
        found.append(estimate(measured, count))
    squared, trace = np.mean(found, axis=0)
    assert squared == pytest.approx(dimensions * signal**2, rel=0.02)
    assert trace == pytest.approx(dimensions * spread**2, rel=0.02)


def test_the_scale_is_a_ratio_of_averages_over_the_updates_of_a_network() -> None:
    noise = GradientNoise()
    for small, large in ((12.0, 7.0), (8.0, 6.0)):  # |G|^2 = 2 and 4, tr S = 40 and 16
        noise.add("generator", np.array([small, large, 1 / 4]), large_batch=8)
    assert noise.metrics() == {"generator_gradient_noise_scale": pytest.approx(28 / 3)}


@pytest.mark.parametrize(("small", "large"), [(12.0, 1.0), (6.0, 7.0)])
def test_no_scale_is_given_where_an_estimate_is_negative(small: float, large: float) -> None:
    noise = GradientNoise()
    noise.add("generator", np.array([small, large, 1 / 4]), large_batch=8)
    assert noise.metrics() == {}


def test_one_group_tells_nothing_about_noise() -> None:
    noise = GradientNoise()
    noise.add("generator", np.array([6.0, 6.0, 1 / 8]), large_batch=8)
    assert noise.metrics() == {}


def small_config() -> Config:
    config = load_config()
    model = dataclasses.replace(config.model, kernels="plain", dropout=0.0)
    train = dataclasses.replace(
        config.train,
        workers=1,
        virtual_workers=GROUPS,
        global_batch_size=8,
        generator_updates_per_cycle=1,
    )
    return dataclasses.replace(config, model=model, train=train)


def first_batch(config: Config, folder: Path, size: int = 8) -> CycleBatch:
    hvd.init()
    file = TrainingFile(folder / "train.h5")
    plan = plan_epoch(len(file), size, GROUPS, seed=config.train.seed, epoch=0)
    shares = worker_share(plan, epoch=0, rank=0, workers=1)[:1]
    assemble = BatchAssembler(
        config.model.design, config.train, load_summary(folder / "summary.json")
    )
    [(_, batch)] = file.read_ahead(shares, assemble)
    return batch


def real_gradient(gan: Gan, config: Config, events: Events) -> np.ndarray:
    """Of the discriminator's mean loss on real events, as one vector."""
    weights = [weight.value for weight in gan.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        heads = gan.heads(events.cells, training=True)
        targets = (events.real_label, events.energy, heads["ecal_sum"])
        count = tf.cast(len(events.cells), tf.float32)
        losses = {
            name: LOSSES[name](target, heads[name], count)
            for name, target in zip(heads, targets, strict=True)
        }
        total = weighted_total(losses, config.train.loss_weights)
    return np.concatenate([np.ravel(gradient) for gradient in tape.gradient(total, weights)])


def test_a_cycle_measures_the_norms_of_its_gradients(shower_folder: Path) -> None:
    config = small_config()
    batch = first_batch(config, shower_folder)
    gan = build_gan(config.model.design, config.train, (9, 9, 9))
    ends = batch.splits.numpy()
    sizes = np.diff(ends)
    assert set(sizes) == {2, 3}
    gradients = [
        real_gradient(gan, config, tf.nest.map_structure(lambda t, a=a, b=b: t[a:b], batch.events))
        for a, b in itertools.pairwise(ends)
    ]
    whole = np.average(gradients, axis=0, weights=sizes)
    expected = [np.mean([g @ g for g in gradients]), whole @ whole, np.mean(1 / sizes)]
    norms = compile_cycle(gan, config.train)(batch).gradient_norms["discriminator_real"]
    assert norms.numpy() == pytest.approx(expected, rel=1e-4)
