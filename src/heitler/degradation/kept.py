"""Records as numbers that can be committed: one JSON file per arm and seed, without weights.

A later study with equal parameters and data goes on from them: what has a file is not trained
again, nor is what a longer training began with. Equal code is not asked for, as that would lose
them at every change of a comment.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heitler.base.files import write_json
from heitler.degradation.curves import LAYER, NOISE_SCALES, RESPONSE, SPREAD
from heitler.degradation.plan import Training
from heitler.degradation.runs.record import Record, read_record, write_record

KEPT = (
    RESPONSE,
    LAYER,
    SPREAD,
    "response_worst_deviation",
    "cycles",
    "updates",
    "events_seen",
    *NOISE_SCALES,
)
"""Beginnings of the names of metrics that are kept of every epoch."""
DIGITS = 5
CHANGES = "changes"
"""What an arm changes in the recipe, in the settings' section model."""


def keep_records(
    records: Mapping[tuple[str, int], Record],
    plan: Mapping[tuple[str, int], Training],
    folder: Path,
) -> None:
    """Write a file per arm and seed; what came to no end is kept as well, as it says why."""
    for (arm, seed), record in records.items():
        content = {
            "arm": arm,
            "seed": seed,
            "settings": plan[arm, seed].settings,
            "facts": record.facts,
            "history": [kept_epoch(epoch) for epoch in record.history],
        }
        write_json(folder / f"{arm}-{seed}.json", content)


def kept_epoch(epoch: Mapping[str, float]) -> dict[str, float]:
    """The metrics of an epoch that are kept."""
    return {
        name: float(f"{value:.{DIGITS}g}") for name, value in epoch.items() if name.startswith(KEPT)
    }


def adopt_records(
    folder: Path, plan: Mapping[tuple[str, int], Training], records: Path
) -> dict[tuple[str, int], str]:
    """Make kept files this study's records where it has none; what became of each, in a word."""
    files = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    found = {}
    for (arm, seed), training in plan.items():
        place = records / training.fingerprint[:16]
        own = [file for file in files if (file["arm"], file["seed"]) == (arm, seed)]
        wanted = json.loads(json.dumps(training.settings))
        same = [file for file in own if _agree(file["settings"], wanted)]
        longer = [file for file in files if _begins_with(file, training, wanted)]
        if read_record(place):
            found[arm, seed] = "there already"
        elif same:
            _write(place, same[0]["history"], same[0]["facts"])
            found[arm, seed] = "taken over"
        elif longer:
            history = longer[0]["history"][: training.config.train.epochs]
            _write(place, history, first_epochs_facts(history, longer[0]))
            found[arm, seed] = f"the first {len(history)} epochs of {longer[0]['arm']}"
        elif own:
            found[arm, seed] = "kept with other parameters or data: to be trained"
        else:
            found[arm, seed] = "to be trained"
    return found


def _write(place: Path, history: list[dict[str, float]], facts: dict[str, Any]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    write_record(place, Record({}, {}, history, facts))


def _begins_with(file: Mapping[str, Any], training: Training, wanted: Mapping[str, Any]) -> bool:
    """Whether the kept training's first epochs are this training.

    They are where nothing but the number of epochs differs and that decides nothing before the
    end: the learning rate does not depend on it, and the judge wants no generator of the end.
    """
    if training.begins_with or training.config.train.cycles or "judged" not in wanted:
        return False
    own = training.config.train.epochs
    shorter = {**file["settings"], "train": {**file["settings"]["train"], "epochs": own}}
    return len(file["history"]) > own and _agree(shorter, wanted)


def first_epochs_facts(
    history: Sequence[Mapping[str, float]], file: Mapping[str, Any]
) -> dict[str, Any]:
    """What the first epochs of a kept training cost: times in proportion to the epochs."""
    facts, part = file["facts"], len(history) / len(file["history"])
    sums = {"cycles": "cycles", "updates": "updates", "showers_seen": "events_seen"}
    return {
        **{name: sum(epoch[key] for epoch in history) for name, key in sums.items()},
        "unique_events": facts["unique_events"],
        **{name: part * facts[name] for name in ("seconds", "cpu_seconds") if name in facts},
        "first_epochs_of": file["arm"],
    }


def _agree(kept: Any, now: Any) -> bool:
    """Whether all that was kept is so still; parameters that are new since then do not count.

    An arm's changes to the recipe are no such parameters: one more is another training.
    """
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        return all(
            name in now and (value == now[name] if name == CHANGES else _agree(value, now[name]))
            for name, value in kept.items()
        )
    return bool(kept == now)
