"""What the study says of the paper's Fig. 2: is one worker right, and are many workers worse?"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from heitler.config import DegradationConfig
from heitler.degradation.as_good import ALL, find_as_good
from heitler.degradation.curves import judged_layers
from heitler.degradation.effects import ArmResult
from heitler.degradation.plan import Training
from heitler.degradation.responses import Row, Truth
from heitler.degradation.runs.record import Record
from heitler.degradation.verdict import baselines, find_cure
from heitler.scaling.interconnects import cycle_messages_B, minutes_on_nodes
from heitler.validation.profiles import SIGNIFICANT

BIN_LIMIT, LAYER_LIMIT = 0.05, 0.20
"""|R - 1| in every energy bin, and of every layer's energy, up to which a generator is right."""
PUBLISHED_IMAGE = (25, 25, 25)
HEADLINES = (
    *("baseline_worst_bin", "baseline_worst_layer", "seeds", "degradation", "degradation_low"),
    *("degradation_high", "shown", "cure", "cure_deviation_high", "cure_minutes_on_256_nodes"),
    *("cure_excess_high", "cure_within_limit"),
)
"""Names of the numbers of `headline`."""
ONLY_THE_BATCH = {"global_batch_size", "virtual_workers"}


def baseline_rows(
    records: Mapping[tuple[str, int], Record],
    rows: Sequence[Row],
    study: DegradationConfig,
    truth: Truth,
    arm: str,
) -> list[Row]:
    """Rows of every seed of an arm: R and its error by bin, the worst bin, the worst layer."""
    judged = truth.longitudinal > SIGNIFICANT * truth.longitudinal.max()
    found = []
    for (name, seed), record in records.items():
        if name != arm or record.stopped or not record.history:
            continue
        bins = [r for r in rows if r["used"] and (r["arm"], r["seed"]) == (name, seed)]
        layers = judged_layers(record.history, study.judged_epochs)
        found.append(
            {
                "arm": name,
                "seed": seed,
                **{f"R_{b['energy_low_GeV']:g}_{b['energy_high_GeV']:g}_GeV": b["response_ratio"]
                   for b in bins},
                "worst_bin": max(abs(b["response_ratio"] - 1) for b in bins),
                "worst_layer": float(np.abs(layers[judged] - 1).max()),
            }
        )  # fmt: skip
    return found


def headline(
    results: Sequence[ArmResult],
    baseline: Sequence[Row],
    study: DegradationConfig,
    plan: Mapping[tuple[str, int], Training],
    compared: Sequence[Row],
) -> dict[str, Any]:
    """The numbers that answer Fig. 2, by name; None for a cure where none was found.

    The worst bin and layer are those of the seed that is worst. `cure` is within the limit in
    every bin beyond doubt (`cure_within_limit` is the same or None), else no worse than one worker:
    `compared` are the rows of `heitler.degradation.as_good`.
    """
    _, many = baselines(results)
    strict = strict_cure(results, study)
    name = strict or find_as_good(compared)
    cure = next((arm for arm in results if arm.name == name), None)
    more = [row for row in compared if row["arm"] == name and row["counted"] == ALL]
    effect = many.effect if many else None
    return {
        "baseline_worst_bin": max(row["worst_bin"] for row in baseline),
        "baseline_worst_layer": max(row["worst_layer"] for row in baseline),
        "seeds": len(baseline),
        "degradation": effect.value if effect else None,
        "degradation_low": effect.low if effect else None,
        "degradation_high": effect.high if effect else None,
        "shown": effect.shown if effect else None,
        "cure": name,
        "cure_deviation_high": cure.deviation.high if cure else None,
        "cure_minutes_on_256_nodes": minutes_of(plan[cure.name, study.seeds[0]]) if cure else None,
        "cure_excess_high": more[0]["lowest_bin_excess_high"] if more else None,
        "cure_within_limit": strict,
    }


def strict_cure(results: Sequence[ArmResult], study: DegradationConfig) -> str | None:
    """The remedy within the limit in every bin whose 95% interval is so too; of several seeds."""
    cure = find_cure([arm for arm in results if arm.seeds > 1], study)
    return cure.name if cure and cure.deviation.high <= study.largest_deviation else None


def batch_arms(study: DegradationConfig) -> dict[str, str]:
    """What arms are about, by name, that change the batch and the epochs alone; smallest first."""
    found = {}
    for name in study.arms:
        chain = [study.arms[ancestor] for ancestor in study.ancestors(name)]
        changed = {key for arm in chain for key in arm.train}
        if changed <= ONLY_THE_BATCH and not any(a.model or a.begins_with for a in chain):
            sizes = [a.train["global_batch_size"] for a in chain if "global_batch_size" in a.train]
            found[name] = sizes[-1] if sizes else 0
    return {name: study.arms[name].about for name in sorted(found, key=lambda name: found[name])}


def longest_arms(
    study: DegradationConfig,
    plan: Mapping[tuple[str, int], Training],
    trained: Collection[tuple[str, int]],
) -> dict[str, str]:
    """Labels by name of the arms of one worker, and of many, that change no rate: of those with
    most seeds the longest."""
    seeds = Counter(arm for arm, _ in trained)
    seed, law = study.seeds[0], [name for name in batch_arms(study) if name in seeds]
    batches = {name: plan[name, seed].config.train.global_batch_size for name in law}
    firsts = [name for name in law if study.arms[name].role in ("reference", "baseline")]
    longest = [
        max(
            (name for name in law if batches[name] == batches[first]),
            key=lambda name: (seeds[name], plan[name, seed].cycles),
        )
        for first in firsts
    ]
    return {name: study.arms[name].about for name in longest}


def minutes_of(training: Training) -> float:
    """Minutes of a training's cycles with the published networks, 25 x 25 x 25, on 256 nodes."""
    model = dataclasses.replace(training.config.model, changes={})
    updates = training.config.train.generator_updates_per_cycle
    messages = cycle_messages_B(model.design, PUBLISHED_IMAGE, updates)
    return minutes_on_nodes(phases(training), messages)


def minutes_rows(
    results: Sequence[ArmResult],
    plan: Mapping[tuple[str, int], Training],
    study: DegradationConfig,
) -> list[Row]:
    """What every arm's cycles take with the published networks on the paper's 256 nodes."""
    return [
        {
            "arm": arm.name,
            "cycles_and_batches": "; ".join(
                f"{cycles} of {batch}" for cycles, batch in phases(plan[arm.name, study.seeds[0]])
            ),
            "minutes_on_256_nodes": minutes_of(plan[arm.name, study.seeds[0]]),
            "deviation": arm.deviation.value,
            "worst_bin": arm.worst_bin,
        }
        for arm in results
    ]


def phases(training: Training) -> list[tuple[int, int]]:
    """Cycles and global batch of a training, after those of the one it begins with."""
    first = training.begins_with
    own = training.cycles - (first.cycles if first else 0)
    before = phases(first) if first else []
    return [*before, (own, training.config.train.global_batch_size)]
