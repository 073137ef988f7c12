"""From arms and seeds to trainings: whole configurations, each trained once."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from heitler.base.files import digest
from heitler.config import Config, as_dict
from heitler.data.batches import cycles_per_epoch
from heitler.kept.origin import Origin, deciding_code


@dataclass(frozen=True)
class Training:
    """One training of the study; several arms may share it."""

    arm: str
    """The first arm that needs it."""
    seed: int
    config: Config
    cycles: int
    showers: int
    """Seen, with repetitions: what it costs."""
    fingerprint: str
    """Checksum of the settings; the code is the study's."""
    settings: dict[str, Any]
    """The parameters and data that decide its result."""
    begins_with: "Training | None" = None
    """Whose networks it starts from; `cycles` and `showers` include it."""


def plan_trainings(
    config: Config, showers: int, data_digest: str
) -> dict[tuple[str, int], Training]:
    """The training of every arm and seed.

    Args:
        config: params.yaml as a whole.
        showers: in the training set.
        data_digest: of all showers.

    Raises:
        ConfigError: naming the arm whose parameters are impossible.
    """
    study = config.degradation
    names = study.run or tuple(study.arms)
    finalists = study.finalists or names
    pairs = [
        (name, seed)
        for seed in study.seeds
        for name in (names if seed == study.seeds[0] else finalists)
    ]
    pairs += [(name, seed) for name in names for seed in study.arms[name].more_seeds]
    shared: dict[str, Training] = {}
    plan = {}
    for name, seed in pairs:
        made = _plan_training(config, name, seed, showers, data_digest)
        plan[name, seed] = shared.setdefault(made.fingerprint, made)
    return plan


def study_origin() -> Origin:
    """What decides all trainings alike: the code; each one's fingerprint has the rest."""
    code = deciding_code("degradation/runs/worker.py", "training", "degradation")
    return Origin({}, "", code)


def _plan_training(
    config: Config, name: str, seed: int, showers: int, data_digest: str
) -> Training:
    own = arm_config(config, name, seed, showers)
    study = config.degradation
    first = study.arms[name].begins_with
    before = _plan_training(config, first, seed, showers, data_digest) if first else None
    per_epoch = cycles_per_epoch(showers, own.train.global_batch_size)
    cycles = min(own.train.cycles or math.inf, per_epoch * own.train.epochs)
    parts: dict[str, Any] = {
        "model": as_dict(own.model),
        "train": as_dict(own.train),
        "data": data_digest,
    }
    if study.judged_epochs:
        judged = ("merge_cells", "energy_bins", "followed_showers")
        parts["judged"] = {name: as_dict(study)[name] for name in judged}
    if before:
        parts["begins_with"] = before.settings
    return Training(
        arm=name,
        seed=seed,
        config=own,
        cycles=int(cycles) + (before.cycles if before else 0),
        showers=round(cycles / per_epoch * showers) + (before.showers if before else 0),
        fingerprint=digest(parts),
        settings=parts,
        begins_with=before,
    )


def arm_config(config: Config, name: str, seed: int, showers: int) -> Config:
    """params.yaml with the study's base and an arm's changes in the sections model and train."""
    study, arm = config.degradation, config.degradation.arms[name]
    chain = [study.arms[ancestor] for ancestor in study.ancestors(name)]
    own = config.of_arm(name)
    train = own.train
    epochs = max(1, round(train.epochs * math.prod(arm.epochs_factor for arm in chain)))
    train = dataclasses.replace(train, seed=seed, epochs=epochs)
    if arm.updates_of:
        other = arm_config(config, arm.updates_of, seed, showers).train
        cycles = other.epochs * cycles_per_epoch(showers, other.global_batch_size)
        per_epoch = cycles_per_epoch(showers, train.global_batch_size)
        train = dataclasses.replace(train, cycles=cycles, epochs=math.ceil(cycles / per_epoch))
    return dataclasses.replace(own, train=train)
