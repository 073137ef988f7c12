"""Architecture and weights together: judged as written, inherited, resumed."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from architecture_search.inheritance import inherit, split_genome
from architecture_search.judge import Judge, forward
from architecture_search.search import Search
from architecture_search.space import (
    MAX_LAYERS,
    Architecture,
    Layer,
    mutate_architecture,
    random_architecture,
)
from architecture_search.trainers import Training

from heitler.evolution.events import ProjectedEvents, Units

IMAGE = (11, 11)
LINEAR = Layer(3, 3, 1, "leaky_relu")
ONE = Architecture(IMAGE, (LINEAR,))
TWO = Architecture(IMAGE, (LINEAR, Layer(2, 3, 2, "tanh")))


@pytest.fixture(scope="module")
def judge():
    random = np.random.default_rng(1)
    energy = random.uniform(10, 100, 96).astype(np.float32)
    images = (random.gamma(2, 1, (96, *IMAGE)) * energy[:, None, None]).astype(np.float32)
    events = ProjectedEvents(images, energy)
    return Judge(events, Units.of(events))


@pytest.fixture(scope="module")
def training(judge, make_config):
    evolve = make_config(evolve={"batch_size": 32, "cost_epochs": 200}).evolve
    return Training(evolve, judge, 1, ONE.multiply_adds(), ONE.genes)


def genome_of(architecture, seed=0):
    drawn = np.random.default_rng(seed).uniform(-1, 1, architecture.genes)
    return (drawn * architecture.initial_limits()).astype(np.float32)


def estimate(architecture, genome, images):
    return forward(architecture, 1, genome[None], tf.constant(images[..., None])).numpy()[0]


def in_loops(genome, image):
    first, second, dense = split_genome(TWO, genome.astype(np.float64))
    hidden = np.zeros((9, 9, 3))
    for y, z, f in np.ndindex(hidden.shape):
        seen = (first[:, :, 0, f] * image[y : y + 3, z : z + 3]).sum()
        hidden[y, z, f] = seen if seen > 0 else 0.3 * seen
    last = np.zeros((4, 4, 2))
    for y, z, f in np.ndindex(last.shape):
        part = hidden[2 * y : 2 * y + 3, 2 * z : 2 * z + 3]
        last[y, z, f] = np.tanh((second[..., f] * part).sum())
    return (last * dense).sum()


def test_population_of_deep_networks_is_judged_as_written_out_in_loops():
    images = np.random.default_rng(1).random((3, *IMAGE)).astype(np.float32)
    genomes = np.stack([genome_of(TWO, seed) for seed in range(2)])
    found = forward(TWO, 2, genomes, tf.constant(images[..., None])).numpy()
    expected = [[in_loops(genome, image) for image in images] for genome in genomes]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("child", "origin"),
    [
        (Architecture(IMAGE, (dataclasses.replace(LINEAR, filters=5),)), [0]),
        (Architecture(IMAGE, (dataclasses.replace(LINEAR, kernel=1),)), [0]),
        (Architecture(IMAGE, (LINEAR, Layer(4, 1, 1, "relu"))), [0, None]),
        (Architecture(IMAGE, (dataclasses.replace(LINEAR, activation="relu"),)), [0]),
    ],
)
def test_child_with_inherited_weights_estimates_as_its_parent(child, origin):
    """Exactly so where all that it lost was zero or is not in use."""
    random = np.random.default_rng(2)
    kernel, dense = split_genome(ONE, np.abs(genome_of(ONE)))
    kernel[[0, 2]], kernel[:, [0, 2]] = 0, 0  # only its middle: a smaller kernel loses nothing
    genome = np.concatenate([kernel.ravel(), dense.ravel()])
    images = random.random((4, *IMAGE)).astype(np.float32)  # positive: all activations are linear
    made = inherit(ONE, genome, child, origin, random)
    assert made.size == child.genes
    expected = estimate(ONE, genome, images)
    np.testing.assert_allclose(estimate(child, made, images), expected, rtol=1e-5)


def test_mutated_architectures_fit_the_image_and_the_cost():
    random = np.random.default_rng(3)
    most = 8 * ONE.multiply_adds()
    parent, depths = random_architecture(IMAGE, most, random), set()
    for _ in range(300):
        child, origin = mutate_architecture(parent, most, random)
        assert child != parent
        assert len(origin) == len(child.layers) <= MAX_LAYERS
        assert child.feasible
        assert child.multiply_adds() <= most
        assert inherit(parent, genome_of(parent), child, origin, random).size == child.genes
        parent = child
        depths.add(len(child.layers))
    assert depths == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("policy", "trainer", "slices"),
    [("evolved", "evolution", 22), ("evolved", "paper", 22), ("optuna", "rmsprop", 6)],
)
def test_killed_search_goes_on_bit_for_bit(policy, trainer, slices, training, judge, tmp_path):
    def finish(folder):
        search = Search(policy, trainer, training, ONE, slices)
        rows = search.finish(tmp_path / folder, "f", judge)
        return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]

    whole = finish("one")
    assert len(whole) == slices
    assert whole[-1]["test_loss"] < 0.7 * whole[0]["test_loss"]
    for number in range(slices - 3, slices):
        (tmp_path / f"one/{number:03d}.npz").unlink()
    (tmp_path / "one/001.npz").write_bytes(b"torn")
    assert finish("one") == whole


def test_dearer_network_is_trained_for_less(training):
    dear = Architecture(IMAGE, (dataclasses.replace(LINEAR, filters=12),))
    assert training.pass_cost(ONE) == 1
    assert training.pass_cost(dear) == pytest.approx(4)
