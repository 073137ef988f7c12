"""Known deviations come back with their errors; causes are ranked and cures found by them."""

import math

import numpy as np
import pytest

from heitler.config import load_config
from heitler.degradation.effects import COSTS, ArmResult, arm_results, estimate
from heitler.degradation.responses import Truth, response_rows
from heitler.degradation.runs.record import Record
from heitler.degradation.verdict import find_cure, flat_metrics, ranked, sentences, table

STUDY = load_config().degradation
ENERGY = np.linspace(10, 100, 1200)
SPREAD = 0.02
GEANT4 = 0.02 * ENERGY * np.random.default_rng(1).normal(1, SPREAD, len(ENERGY))
TRUTH = Truth(GEANT4, ENERGY, np.ones(5), np.linspace(10, 100, 7))


def record(low: float, high: float = 1.0, updates: float = 100.0) -> Record:
    """R is `low` in the lowest energy bin and `high` in the others."""
    factor = np.where(ENERGY < 25, low, high)
    facts = dict.fromkeys(COSTS, updates)
    return Record({"moving": GEANT4 * factor}, {"moving": np.ones(5)}, [], facts)


STOPPED = Record({}, {}, [], {"cycles": 3, "stopped": "every generated shower is empty"})


def results_of(records: dict[tuple[str, int], Record]) -> dict[str, ArmResult]:
    return {arm.name: arm for arm in arm_results(records, STUDY, TRUTH)}


def test_the_estimate_of_three_seeds_is_students() -> None:
    found = estimate([0.1, 0.2, 0.3], [0.0, 0.0, 0.0])
    assert found.value == pytest.approx(0.2)
    assert found.error == pytest.approx(0.1 / math.sqrt(3))
    assert found.high - found.value == pytest.approx(4.303 * 0.1 / math.sqrt(3), rel=1e-3)


def test_one_seed_has_the_bootstraps_error_alone() -> None:
    found = estimate([0.1], [0.02])
    assert (found.error, found.sigmas) == (0.02, pytest.approx(5))
    assert found.high == pytest.approx(0.1 + 1.96 * 0.02)


def test_one_seed_shows_nothing_and_three_that_agree_do() -> None:
    arms = "one-worker", "workers-256"
    once = {(arm, 1): record(low) for arm, low in zip(arms, (1.0, 3.0), strict=True)}
    thrice = {
        (arm, seed): record(low + 0.01 * seed)
        for arm, low in zip(arms, (1.0, 3.0), strict=True)
        for seed in (1, 2, 3)
    }
    for records, shown in ((once, False), (thrice, True)):
        results = arm_results(records, STUDY, TRUTH)
        assert flat_metrics(results, STUDY)["degradation_shown"] == shown
        assert ("nothing is concluded from it" in " ".join(sentences(results, STUDY))) != shown


def test_the_bootstraps_error_is_that_of_a_mean() -> None:
    """Generated and Geant4 showers are the same here: both spread by 2%, 200 in the bin."""
    rows = response_rows({("one-worker", 1): record(1.0)}, STUDY, TRUTH)
    expected = math.sqrt(2) * SPREAD / math.sqrt(rows[0]["showers"])
    assert rows[0]["response_ratio_error"] == pytest.approx(expected, rel=0.25)


def test_deviations_of_both_signs_do_not_cancel_over_seeds() -> None:
    found = results_of({("one-worker", 1): record(0.8), ("one-worker", 2): record(1.2)})
    assert found["one-worker"].deviation.value == pytest.approx(0.2, abs=1e-6)
    assert np.mean(found["one-worker"].response) == pytest.approx(1.0, abs=1e-6)


def test_an_effect_is_paired_by_seed() -> None:
    """Seeds differ by 0.3, the effect by nothing: 0.1 in each."""
    lows = {1: 1.1, 2: 1.4, 3: 1.7}
    records = {("one-worker", seed): record(low) for seed, low in lows.items()}
    records |= {("workers-256", seed): record(low + 0.1) for seed, low in lows.items()}
    effect = results_of(records)["workers-256"].effect
    assert effect
    assert effect.value == pytest.approx(0.1, abs=1e-6)
    assert effect.error < 0.01
    unpaired = results_of(records)["workers-256"].deviation
    assert unpaired.error > 0.1


def test_the_effect_of_a_finalist_on_an_arm_of_one_seed_uses_that_seed() -> None:
    records = {("workers-256", 1): record(1.5), ("missing-shards", 1): record(1.9)}
    records[("workers-256", 2)] = record(3.0)
    effect = results_of(records)["missing-shards"].effect
    assert effect
    assert effect.value == pytest.approx(0.4, abs=1e-6)


def test_a_training_that_stops_deviates_by_all() -> None:
    found = results_of({("workers-256", 1): record(1.3), ("linear-rate", 1): STOPPED})[
        "linear-rate"
    ]
    assert (found.stopped, found.deviation.value) == (1, 1.0)
    assert found.effect
    assert found.effect.value == pytest.approx(0.7, abs=1e-6)
    assert found.response == ()
    assert "every training stops" in " ".join(sentences([found], STUDY))
    assert "stopped" in table([found])[-1]


def test_causes_are_ranked_by_the_size_of_their_effect() -> None:
    records = {
        ("one-worker", 1): record(1.0),
        ("few-updates", 1): record(2.0),
        ("workers-256", 1): record(2.1),
        ("missing-shards", 1): record(2.2),
        ("synchronised", 1): record(1.7),
    }
    names = [arm.name for arm in ranked(arm_results(records, STUDY, TRUTH), "cause")]
    assert names == ["few-updates", "synchronised", "missing-shards"]


def test_a_generator_that_deposits_nothing_is_no_large_effect() -> None:
    """Its |R - 1| is 1, far below the 9 of the arm that it extends."""
    records = {
        ("workers-256", 1): record(10.0),
        ("linear-rate", 1): record(0.0, high=0.0),
        ("synchronised", 1): record(9.0),
    }
    results = arm_results(records, STUDY, TRUTH)
    assert [arm.name for arm in ranked(results, "cause")] == ["synchronised", "linear-rate"]
    assert "| deposits nothing |" in table(results)[-2]


def test_the_cure_has_the_fewest_updates_of_those_surely_within_the_limit() -> None:
    records = {
        ("one-worker", 1): record(1.01, updates=9000),
        ("workers-256", 1): record(3.0),
        ("root-rate", 1): record(1.048, updates=10),  # within, but its interval is not
        ("heitler", 1): record(1.02, updates=40),
        ("longer", 1): record(1.01, updates=800),
    }
    results = arm_results(records, STUDY, TRUTH)
    cure = find_cure(results, STUDY)
    assert cure
    assert cure.name == "heitler"
    metrics = flat_metrics(results, STUDY)
    assert (metrics["cured"], metrics["cure"]) == (True, "heitler")
    assert metrics["degradation_sigmas"] > 3
    assert not any(isinstance(v, float) and math.isnan(v) for v in metrics.values())


def test_a_response_that_is_right_at_low_energy_alone_is_no_cure() -> None:
    results = arm_results({("two-rates", 1): record(1.0, high=3.0)}, STUDY, TRUTH)
    assert results[0].deviation.value < STUDY.largest_deviation
    assert find_cure(results, STUDY) is None


def test_a_generator_that_deposits_nothing_is_said_to() -> None:
    records = {
        **{("workers-256", seed): record(1.3) for seed in (1, 2, 3)},
        **{("linear-rate", seed): record(0.0, high=0.0) for seed in (1, 2)},
        ("linear-rate", 3): record(0.07, high=0.1),
    }
    said = " ".join(sentences(arm_results(records, STUDY, TRUTH), STUDY))
    assert "deposits nothing" in said


def test_without_a_remedy_within_the_limit_there_is_no_cure() -> None:
    results = arm_results({("heitler", 1): record(1.2)}, STUDY, TRUTH)
    assert find_cure(results, STUDY) is None
    assert "none of the remedies tried" in sentences(results, STUDY)[-1]


def test_where_no_remedy_ran_none_is_blamed() -> None:
    said = sentences(arm_results({("workers-256", 1): record(1.2)}, STUDY, TRUTH), STUDY)
    assert not any("Cure" in sentence for sentence in said)


def test_a_remedy_without_one_of_its_choices_is_judged_and_no_cure() -> None:
    whole = {("heitler", seed): record(1.001 + 0.001 * seed) for seed in (1, 2, 3)}
    undone = {("heitler-unaveraged", seed): record(1.01 + 0.001 * seed) for seed in (1, 2, 3)}
    results = arm_results(whole | undone, STUDY, TRUTH)
    cure = find_cure(results, STUDY)
    assert cure
    assert cure.name == "heitler"
    said = "choices, undone, that, each alone, raise abs(R - 1): recipe dense without averaged"
    assert said in " ".join(sentences(results, STUDY))
