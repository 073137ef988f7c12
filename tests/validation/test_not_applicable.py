"""A line that the true showers cannot have either is no failure, and says why; one that only the
generated showers cannot have is one."""

import dataclasses

import numpy as np
import pytest

from heitler.data.hdf5 import Showers
from heitler.data.observables import measure
from heitler.report.card_page import card_rows, count_verdicts
from heitler.validation.card import score_card
from heitler.validation.response import energy_bin_edges
from heitler.validation.score import Measured, Metric, judge, worst_verdict
from heitler.validation.score import count_verdicts as count_in_words

QUICK = {
    "bootstrap_replicas": 3,
    "floor_splits": 4,
    "slow_floor_splits": 1,
}
ONE_ENERGY = {"offset_MeV", "nearest_neighbour_ratio"}
ONE_LAYER = {
    "layer_correlation", "longitudinal_profile_error", "separation_depth", "layer_wander",
    "layer_products_between", "layer_pairs_between",
}  # fmt: skip
ONE_COLUMN = {"transverse_x_profile_error"}


def of_one_energy(showers: Showers) -> Showers:
    scale = 50 / showers.primary_energy_GeV
    cells = showers.cells_GeV * scale[:, None, None, None]
    energy = np.full(len(showers), 50, np.float32)
    return dataclasses.replace(showers, cells_GeV=cells, primary_energy_GeV=energy)


def in_one_layer(showers: Showers) -> Showers:
    return dataclasses.replace(showers, cells_GeV=showers.cells_GeV.sum(axis=3, keepdims=True))


def in_one_column(showers: Showers) -> Showers:
    return dataclasses.replace(showers, cells_GeV=showers.cells_GeV.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("change", "lines"),
    [(of_one_energy, ONE_ENERGY), (in_one_layer, ONE_LAYER), (in_one_column, ONE_COLUMN)],
)
def test_what_no_sample_of_the_kind_has_counts_neither_way(change, lines, showers, make_config):
    samples = [measure(change(showers(90, seed))) for seed in range(3)]
    edges = energy_bin_edges(10, 100, 4, "uniform")
    scores = score_card(*samples, edges, make_config(validate=QUICK).validate)
    left_out = {score.name: score for score in scores if score.verdict == "not applicable"}
    assert set(left_out) == lines
    assert all("needs: " in score.reason for score in left_out.values())
    assert worst_verdict(scores) != "fail"
    card = [score.as_json() for score in scores]
    assert f" of {len(scores) - len(lines)} lines pass" in count_verdicts(card)
    assert next(iter(left_out.values())).title in count_verdicts(card)
    assert count_in_words(scores).endswith(f"{len(lines)} not applicable")
    assert sum(bool(row.reason) for row in card_rows(card)) == len(lines)


def test_what_only_the_generated_showers_lack_is_a_failure(make_config):
    metric = Metric("offset_MeV", "Offset", "MeV", "", "", (5.0, 15.0), needs="two energies")
    missing = Measured(np.nan, np.nan, np.full(3, np.nan))
    config = make_config().validate
    assert judge(metric, missing, config, 50, 50).verdict == "fail"
    neither = judge(metric, dataclasses.replace(missing, applicable=False), config, 50, 50)
    assert neither.verdict == "not applicable"
    assert neither.reason == "The true showers lack what it needs: two energies."


def test_energy_where_geant4_has_none_is_a_failure_not_inapplicable(make_config):
    metric = Metric("moment_1", "Mean place", "", "", "", (0.05, 0.1))
    infinite = Measured(np.inf, np.nan, np.full(3, np.nan), applicable=False)
    assert judge(metric, infinite, make_config().validate, 50, 50).verdict == "fail"
