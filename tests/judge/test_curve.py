"""The field's classifiers on small images: they find what is there, guess where nothing is."""

import dataclasses

import numpy as np
import pytest

from heitler.config import ClassifierConfig
from heitler.data.hdf5 import Showers
from heitler.judge.curve import curve_sizes, measure_curve
from heitler.judge.samples import Sample, build_pool, build_sample, sizes, split
from heitler.validation.classifier_curve import Point, card_lines, headline, notes

CONFIG = ClassifierConfig(
    showers=80,
    curve=(40,),
    seeds=1,
    dense_hidden=(32,),
    dense_learning_rate=0.01,
    dense_batches=4,
    dense_epochs=12,
    dense_patience=12,
    resnet_channels=(8,),
    resnet_learning_rate=0.01,
    resnet_batch_size=16,
    resnet_epochs=12,
    resnet_patience=12,
)
SIDE = 7


def images(n: int, seed: int, *, striped: bool = False) -> Showers:
    """Half of the cells hit at random; striped: every second column is, with as many hits."""
    random = np.random.default_rng(seed)
    hit = random.random((n, SIDE, SIDE, SIDE)) < 0.5
    if striped:
        phase = random.integers(2, size=n)[:, None, None, None]
        hit = np.broadcast_to((np.arange(SIDE)[:, None, None] + phase) % 2 == 0, hit.shape)
    cells = np.where(hit, random.exponential(1e-3, hit.shape), 0)
    return Showers(
        cells_GeV=cells.astype(np.float32),
        primary_energy_GeV=random.uniform(10, 20, n).astype(np.float32),
        theta_rad=np.full(n, np.pi / 2, np.float32),
        event_id=np.arange(n),
        cpu_seconds=np.zeros(n, np.float32),
    )


def sample(showers: Showers, most: int = 100) -> Sample:
    return build_sample([showers[:50], showers[50:]], 1e-6, most)


@pytest.fixture(scope="module")
def curves() -> dict[str, list[Point]]:
    truth = sample(images(80, 1))
    return {
        name: measure_curve(sample(images(80, 2, striped=name == "striped")), truth, CONFIG, 1)
        for name in ("striped", "honest")
    }


def test_every_classifier_is_asked_at_every_number_of_showers(curves):
    found = [(point.of_each, point.classifier) for point in curves["striped"]]
    assert found == [(n, name) for n in (40, 80) for name in ("high", "cells", "cnn")]


def test_the_resnet_finds_how_cells_lie_beside_each_other(curves):
    assert curves["striped"][-1].auc > 0.95
    assert curves["striped"][-1].jsd > 0.5


def test_no_classifier_finds_a_difference_where_none_is(curves):
    for point in curves["honest"]:
        assert abs(point.auc - 0.5) < 4 * point.floor_auc_error, point


def test_the_card_takes_what_was_found_with_most_showers(curves):
    lines = card_lines(curves["striped"])
    assert lines["classifier_auc_cnn"].showers == 80
    assert lines["classifier_auc_cnn"].value == curves["striped"][-1].auc
    assert headline(curves["striped"])["n_each"] == 80


def test_no_shower_that_is_asked_was_seen_and_all_parts_have_as_many_of_both_kinds():
    pool = build_pool(sample(images(60, 1)), sample(images(90, 2)))
    dealt = split(pool, 50, seed=3)
    parts = [dealt.seen, dealt.choice, dealt.asked]
    assert len(set(np.concatenate(parts))) == 100
    for part, size in zip(parts, sizes(50), strict=True):
        assert pool.label[part].sum() == size == len(part) / 2
    assert sizes(50) == (30, 10, 10)


def test_a_sample_takes_the_first_showers_and_forgets_cells_below_the_threshold():
    showers = images(90, 1)
    showers.cells_GeV[0, 0, 0, 0] = 1e-7
    taken = sample(showers, most=60)
    assert len(taken) == 60
    assert taken.cells_GeV[0, 0, 0, 0] == 0
    np.testing.assert_array_equal(taken.primary_energy_GeV, showers.primary_energy_GeV[:60])


@pytest.mark.parametrize(
    ("generated", "truth", "expected"),
    [(200, 60, [40, 60]), (200, 200, [40, 80]), (40, 90, [40]), (19, 90, [])],
)
def test_the_smaller_sample_and_the_parameters_bound_the_number(generated, truth, expected):
    assert curve_sizes(generated, truth, CONFIG) == expected


def point(of_each: int, auc: float, floor: float) -> Point:
    return Point("cnn", of_each, auc, 0.01, 0.1, 0.01, floor, 0.0, 0.01, 5, 9, 3)


def test_few_showers_are_said_to_say_nothing(make_config):
    [note] = notes([point(100, 0.6, 0.1)], make_config().validate)
    assert "AUC 0.60 at N = 100 of each says nothing" in note
    assert notes([point(5000, 0.6, 0.01)], make_config().validate) == []
    assert notes([point(100, 0.99, 0.1)], make_config().validate) == []  # found all the same


def test_an_auc_that_still_rises_is_said_to(make_config):
    points = [point(2000, 0.6, 0.02), point(5000, 0.69, 0.01)]
    [note] = notes(points, make_config().validate)
    assert "still rises with N, by 0.09" in note


def test_a_classifier_without_layers_is_refused():
    with pytest.raises(ValueError, match="dense_hidden is empty"):
        dataclasses.replace(CONFIG, dense_hidden=())
