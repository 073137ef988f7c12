"""Arms differ in what they say and in nothing else."""

import dataclasses
from typing import Any

import pytest
import yaml

from heitler.config import Config, ConfigError, as_dict, build_config
from heitler.degradation.plan import arm_config, plan_trainings

SHOWERS = 5022


def config_with(**changes: Any) -> Config:
    with open("params.yaml") as file:
        raw = yaml.safe_load(file)
    for name, arm in changes.pop("arms", {}).items():
        raw["degradation"]["arms"][name] = arm
    raw["degradation"] |= changes
    return build_config(raw)


def differences(one: Config, other: Config) -> set[str]:
    return {
        f"{section}.{key}"
        for section in ("model", "train")
        for key, value in as_dict(getattr(one, section)).items()
        if value != as_dict(getattr(other, section))[key]
    }


def test_parameters_change_arms_of_the_study_in_what_they_name_alone_and_add_others() -> None:
    plain = config_with().degradation
    added = {"about": "x", "role": "cause", "extends": "workers-256"}
    changed = {"train": {"global_batch_size": 1024}}
    study = config_with(arms={"workers-256": changed, "x": added}).degradation
    assert study.arms.pop("x").extends == "workers-256"
    many, before = study.arms.pop("workers-256"), plain.arms.pop("workers-256")
    assert many == dataclasses.replace(before, train=before.train | changed["train"])
    assert study.arms == plain.arms


@pytest.mark.parametrize("seed", [1, 2])
def test_an_arm_differs_from_the_one_it_extends_in_its_changes_alone(seed: int) -> None:
    config = config_with()
    for name, arm in config.degradation.arms.items():
        if not arm.extends:
            continue
        own, other = (arm_config(config, n, seed, SHOWERS) for n in (name, arm.extends))
        stated = {f"{s}.{key}" for s in ("model", "train") for key in getattr(arm, s)}
        stated |= {"train.cycles", "train.epochs"} if arm.updates_of else set()
        stated |= {"train.epochs"} if arm.epochs_factor != 1 else set()
        assert differences(own, other) <= stated, name
        assert own.train.seed == seed


def test_nested_changes_keep_what_the_extended_arm_changed() -> None:
    config = config_with()
    assert arm_config(config, "combined", 1, SHOWERS).model.changes == {
        "networks": "quick",
        "averaging": 0.9,
        "energy": "concatenated",
        "fakes": "real energies",
    }


def test_the_default_showers_fill_every_arm() -> None:
    config = config_with(run=[])
    prepare = config.prepare
    share = 1 - prepare.validation_fraction - prepare.test_fraction
    assert plan_trainings(config, int(share * config.simulate.showers), "data")


def test_equal_updates_are_equal_in_number() -> None:
    plan = plan_trainings(config_with(run=[]), SHOWERS, "data")
    few, many = plan["few-updates", 1], plan["workers-256", 1]
    assert few.cycles == many.cycles
    assert few.config.train.global_batch_size * 256 == many.config.train.global_batch_size
    assert few.showers < many.showers == SHOWERS


def test_arms_that_differ_in_the_finished_generators_batch_norm_share_a_training() -> None:
    plan = plan_trainings(config_with(run=[]), SHOWERS, "data")
    assert plan["recalibrated", 1] is plan["workers-256", 1]
    alike = ("recalibrated", "one-worker-thousand")  # no fewer epochs than one
    others = [training.fingerprint for (arm, _), training in plan.items() if arm not in alike]
    assert len(set(others)) == len(others)


def test_finalists_alone_are_trained_with_every_seed() -> None:
    study = {"run": ["one-worker", "workers-256"], "finalists": ["one-worker"], "seeds": [4, 7]}
    plan = plan_trainings(config_with(**study), SHOWERS, "data")
    assert list(plan) == [("one-worker", 4), ("workers-256", 4), ("one-worker", 7)]


def test_an_arm_may_have_more_seeds_than_others() -> None:
    arms = {"workers-256": {"more_seeds": [8, 9]}}
    study = {"run": ["one-worker", "workers-256"], "seeds": [4, 7], "arms": arms}
    plan = plan_trainings(config_with(**study), SHOWERS, "data")
    seeds = {name: [seed for arm, seed in plan if arm == name] for name in study["run"]}
    assert seeds == {"one-worker": [4, 7], "workers-256": [4, 7, 8, 9]}
    assert plan["workers-256", 8].fingerprint != plan["workers-256", 4].fingerprint


def test_a_study_without_one_worker_is_refused_before_it_trains() -> None:
    with pytest.raises(ConfigError, match=r"run lacks 'one-worker'.* Add it"):
        config_with(run=["workers-256"]).degradation.require_reference()
    config_with(run=["workers-256", "one-worker"]).degradation.require_reference()
    config_with(run=[]).degradation.require_reference()


def test_data_parameters_and_seed_decide_the_fingerprint_and_the_selection_does_not() -> None:
    one = plan_trainings(config_with(), SHOWERS, "data")["one-worker", 1].fingerprint
    more = config_with(run=["one-worker"], processes=5)
    assert plan_trainings(more, SHOWERS, "data")["one-worker", 1].fingerprint == one
    assert plan_trainings(more, SHOWERS, "other")["one-worker", 1].fingerprint != one
    config = config_with()
    train = dataclasses.replace(config.train, rmsprop_rho=0.8)
    changed = dataclasses.replace(config, train=train)
    assert plan_trainings(changed, SHOWERS, "data")["one-worker", 1].fingerprint != one


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": ["one-wroker"]}, "degradation.run names the arm 'one-wroker', which does not"),
        (
            {"arms": {"x": {"about": "x", "role": "cause", "extends": "x"}}},
            "degradation.arms.x extends itself",
        ),
        ({"arms": {"y": {"about": "y", "role": "reference"}}}, "2 arms of the role reference"),
        ({"seeds": []}, "degradation.seeds is empty"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_with(**changes)


def test_an_impossible_arm_is_named_before_anything_is_trained() -> None:
    arm = {
        "about": "x",
        "role": "cause",
        "extends": "workers-256",
        "train": {"learning_rate_rule": "sqrt"},
    }
    with pytest.raises(ConfigError, match=r"degradation.arms.x: .*rmsprop_rho of at least 0.9961"):
        plan_trainings(config_with(arms={"x": arm}, run=["x"]), SHOWERS, "data")
