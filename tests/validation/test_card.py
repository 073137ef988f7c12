"""On real Geant4 showers: an honest sample is green, a planted defect turns its line red."""

import dataclasses
from pathlib import Path

import pytest

from heitler.data.hdf5 import Showers, concatenate, read_showers
from heitler.data.observables import measure
from heitler.simulation.shards import simulate_shards
from heitler.validation.card import card_steps, flat_metrics, score_card
from heitler.validation.score import worst_verdict
from tests.validation import real

SIMULATE = {
    "showers": 600,
    "showers_per_shard": 150,
    "energy_min_GeV": 1.0,
    "energy_max_GeV": 5.0,
}
QUICK = {
    "bootstrap_replicas": 10,
    "floor_splits": 20,
    "slow_floor_splits": 5,
}
DEFECTS = {
    real.scaled: ("response_ratio", "response_max_deviation", "separation_sampling_fraction"),
    real.swapped: ("longitudinal_profile_error", "moment_1", "moment_2", "separation_depth", "fpd"),
    real.smeared: ("transverse_x_profile_error", "radial_max_deviation", "hits_ratio"),
    real.lifted: ("offset_MeV", "response_max_deviation"),
    real.blind_layer: ("longitudinal_profile_error", "layer_correlation"),
    real.few_hits: ("hits_ratio", "separation_cells"),
    real.redrawn: ("classifier_auc_spectrum",),
    real.independent: ("classifier_auc_pairs",),
}


@pytest.fixture(scope="module")
def geant4(tmp_path_factory: pytest.TempPathFactory, tables: Path, make_config) -> Showers:
    folder = tmp_path_factory.mktemp("geant4-showers")
    config = make_config(simulate=SIMULATE)
    simulate_shards(folder, tables, config.detector, config.simulate)
    return concatenate([read_showers(path) for path in sorted(folder.glob("*.h5"))])


@pytest.fixture(scope="module")
def card_of(geant4, make_config):
    truth, reference = (measure(geant4[rows]) for rows in (real.TRUTH, real.REFERENCE))
    config = make_config(validate=QUICK).validate

    def make(generated: Showers, **options):
        return score_card(measure(generated), truth, reference, real.EDGES_GEV, config, **options)

    return make


def failed(scores) -> set[str]:
    return {score.name for score in scores if score.verdict == "fail"}


def test_an_independent_geant4_sample_is_green(geant4, card_of):
    steps = []
    scores = card_of(geant4[real.GENERATED], advance=lambda: steps.append(1))
    assert worst_verdict(scores) == "pass", [s for s in scores if s.verdict != "pass"]
    assert len(scores) == 47
    flat = flat_metrics(scores)
    assert flat["response_ratio"] == pytest.approx(1, abs=4 * flat["response_ratio_error"])
    assert flat["separation_width_floor"] > 0.01
    assert {score.floor_showers for score in scores} == {150}
    assert len(steps) == 7 == card_steps(dataclasses.replace(_settings(), slow_floor_splits=5))


def _settings():
    from heitler.config import load_config

    return load_config().validate


@pytest.mark.parametrize(
    ("defect", "lines"), DEFECTS.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_a_planted_defect_turns_its_lines_red(geant4, card_of, defect, lines):
    assert set(lines) <= failed(card_of(defect(geant4[real.GENERATED])))


def test_a_wrong_energy_scale_leaves_the_lines_of_the_shape_alone(geant4, card_of):
    assert not failed(card_of(real.scaled(geant4[real.GENERATED]))) & {
        "longitudinal_profile_error", "moment_1", "layer_correlation", "nearest_neighbour_ratio",
    }  # fmt: skip


def test_a_memorised_training_set_is_found_and_nothing_else(geant4, card_of):
    memorised = geant4[300:450]
    assert failed(card_of(memorised)) == {"nearest_neighbour_ratio", "copied_showers"}
    unaware = card_of(memorised, trained_on_reference=False)
    assert not failed(unaware)
    assert not {"nearest_neighbour_ratio", "copied_showers"} & {score.name for score in unaware}


def test_a_few_copies_of_training_showers_are_found(geant4, card_of):
    tenth = concatenate([geant4[real.GENERATED][:135], geant4[300:315]])
    scores = {score.name: score for score in card_of(tenth)}
    assert scores["copied_showers"].value == pytest.approx(0.1)
    assert failed(scores.values()) == {"copied_showers"}


def test_a_generator_that_deposits_nothing_fails_without_made_up_numbers(geant4, card_of):
    nothing = real.with_cells(geant4[real.GENERATED], 0 * geant4[real.GENERATED].cells_GeV)
    scores = {score.name: score for score in card_of(nothing)}
    assert scores["response_ratio"].verdict == scores["moment_1"].verdict == "fail"
    assert scores["moment_1"].as_json()["value"] is None


def test_the_same_seed_gives_the_same_card(geant4, card_of):
    one, other = card_of(geant4[real.GENERATED]), card_of(geant4[real.GENERATED])
    assert [score.as_json() for score in one] == [score.as_json() for score in other]
