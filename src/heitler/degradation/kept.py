"""Records as numbers that can be committed: one JSON file per arm and seed, without weights.

A later study with equal parameters and data goes on from them: what has a file is not trained
again. Files say which code made them; equal code is not asked for, as that would lose them at
every change of a comment.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heitler.degradation.curves import LAYER, NOISE_SCALES, RESPONSE, SPREAD
from heitler.degradation.plan import Training
from heitler.degradation.runs.record import Record, read_record, write_record
from heitler.files import write_json

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
    found = {}
    for (arm, seed), training in plan.items():
        path, place = folder / f"{arm}-{seed}.json", records / training.fingerprint[:16]
        kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        if read_record(place):
            found[arm, seed] = "there already"
        elif not kept:
            found[arm, seed] = "to be trained"
        elif not _agree(kept["settings"], json.loads(json.dumps(training.settings))):
            found[arm, seed] = "kept with other parameters or data: to be trained"
        else:
            place.mkdir(parents=True, exist_ok=True)
            write_record(place, Record({}, {}, kept["history"], kept["facts"]))
            found[arm, seed] = "taken over"
    return found


def _agree(kept: Any, now: Any) -> bool:
    """Whether all that was kept is so still; parameters that are new since then do not count."""
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        return all(name in now and _agree(value, now[name]) for name, value in kept.items())
    return bool(kept == now)
