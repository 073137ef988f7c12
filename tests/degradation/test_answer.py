"""What the study says of Fig. 2: who is right, the law's arms, minutes on 256 nodes."""

import dataclasses

import numpy as np
import pytest

from heitler.config import DegradationConfig, load_config
from heitler.degradation.answer import (
    HEADLINES,
    baseline_rows,
    batch_arms,
    headline,
    longest_arms,
    minutes_of,
    minutes_rows,
)
from heitler.degradation.effects import COSTS, arm_results
from heitler.degradation.plan import Training, plan_trainings
from heitler.degradation.responses import Truth, response_rows
from heitler.degradation.runs.record import Record
from heitler.scaling.interconnects import SHOWER_S, minutes_on_nodes, phase_cycle_s

ENERGY = np.linspace(10, 100, 400)
GEANT4 = 0.02 * ENERGY * np.random.default_rng(1).normal(1, 0.02, len(ENERGY))
EDGES = np.linspace(10, 100, 3)
TRUTH = Truth(GEANT4, ENERGY, np.array([1.0, 1.0, 0.001]), EDGES)


def study() -> DegradationConfig:
    return dataclasses.replace(
        load_config().degradation, judged_epochs=0.5, energy_bins=2, seeds=(1, 2, 3)
    )


def record(low: float, layer: float) -> Record:
    epoch = {
        "test_response_ratio_10_55_GeV": low,
        "test_response_ratio_55_100_GeV": 1.0,
        **{f"test_layer_ratio_{z:02d}": ratio for z, ratio in enumerate((layer, 1.0, 7.0))},
        "test_spread_ratio": 1.0,
    }
    return Record({}, {}, [epoch, epoch], dict.fromkeys(COSTS, 100.0))


RECORDS = {
    (arm, seed): record(low + 0.001 * seed, layer)
    for arm, low, layer in (("one-worker", 1.02, 0.9), ("workers-256", 1.5, 2.0))
    for seed in (1, 2, 3)
}


def plan() -> dict[tuple[str, int], Training]:
    config = load_config()
    return plan_trainings(dataclasses.replace(config, degradation=study()), 2100, "data")


def test_one_worker_is_judged_by_its_worst_seed_in_every_bin_and_every_layer_with_energy() -> None:
    rows = response_rows(RECORDS, study(), TRUTH)
    found = headline(
        arm_results(RECORDS, study(), TRUTH),
        baseline_rows(RECORDS, rows, study(), TRUTH, "one-worker"),
        study(),
        plan(),
        compared=[],
    )
    assert tuple(found) == HEADLINES
    assert found["baseline_worst_bin"] == pytest.approx(0.023)
    assert found["baseline_worst_layer"] == pytest.approx(0.1)  # the third has no energy
    assert found["seeds"] == 3
    assert found["degradation"] == pytest.approx(0.48)
    assert found["shown"] is True
    assert found["cure"] is None


def test_the_law_is_of_arms_that_change_the_batch_alone_from_small_to_large() -> None:
    found = list(batch_arms(load_config().degradation))
    assert found[0] == "one-worker"
    assert found.index("batch-times-4") < found.index("batch-times-16") < found.index("workers-256")
    assert not {"root-rate", "rate-times-8", "synchronised", "begun-small"} & set(found)


def test_a_cycle_of_few_showers_takes_few_nodes_and_one_shower_s_time_per_worker() -> None:
    assert phase_cycle_s(2, [4e6], 256) == pytest.approx(SHOWER_S)  # one node sends nothing
    assert phase_cycle_s(512, [4e6], 256) == pytest.approx(SHOWER_S, rel=0.1)
    assert phase_cycle_s(4096, [4e6], 256) == pytest.approx(8 * SHOWER_S, rel=0.02)
    assert minutes_on_nodes([(60, 2), (60, 2)], [4e6]) == pytest.approx(2 * SHOWER_S)


def test_an_arm_that_begins_small_pays_for_both_phases() -> None:
    config = load_config()
    chosen = dataclasses.replace(study(), run=("begun-small", "workers-256"), seeds=(1,))
    made = plan_trainings(dataclasses.replace(config, degradation=chosen), 2100, "data")
    small, plain = made["begun-small", 1], made["workers-256", 1]
    assert small.begins_with
    assert small.cycles == plain.cycles + small.begins_with.cycles
    assert minutes_of(small) > minutes_of(plain)


def test_the_course_shows_the_longest_training_of_one_worker_and_of_many_that_was_made() -> None:
    names = ("one-worker", "one-worker-longer", "workers-256", "workers-256-longer", "root-rate")
    chosen = dataclasses.replace(study(), run=names)
    made = plan_trainings(dataclasses.replace(load_config(), degradation=chosen), 2100, "data")
    both = [(name, 1) for name in names]
    assert list(longest_arms(chosen, made, both)) == ["one-worker-longer", "workers-256-longer"]
    assert list(longest_arms(chosen, made, both[:3])) == ["one-worker-longer", "workers-256"]
    more = [*both, ("workers-256", 2)]
    assert list(longest_arms(chosen, made, more)) == ["one-worker-longer", "workers-256"]


def test_every_arm_has_its_minutes_and_says_of_which_cycles() -> None:
    results, made = arm_results(RECORDS, study(), TRUTH), plan()
    one, many = minutes_rows(results, made, study())
    assert one["cycles_and_batches"] == "1050 of 2"
    assert many["minutes_on_256_nodes"] == minutes_of(made["workers-256", 1])


def test_r_has_an_interval_with_its_sign() -> None:
    _, many = arm_results(RECORDS, study(), TRUTH)
    assert many.row["response_low"] == pytest.approx(1.502)
    assert many.row["response_low_from"] < 1.5 < many.row["response_low_to"]
