"""What a finished training leaves: the showers' deposited energies, nothing that was derived.

A training is claimed by a lock on its file, which the system releases however the process ends.
"""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.causes import ARRAY_ERRORS, refuse_unless_torn
from heitler.base.files import atomic_path

Float = NDArray[np.float32]
RECORD = "record.npz"


@dataclass(frozen=True)
class Record:
    """One training, judged on the test showers."""

    ecal_sum_GeV: dict[str, Float]
    """By batch-norm statistics (`moving`, `batch`, `recalibrated`): (N,) at the energies of the
    test showers; empty if the training stopped."""
    longitudinal: dict[str, Float]
    """Likewise, (Z,) GeV: mean energy per layer."""
    history: list[dict[str, float]]
    """One entry per epoch."""
    facts: dict[str, Any]
    """cycles, updates, showers_seen, unique_events, seconds, cpu_seconds; `stopped` says why."""

    @property
    def stopped(self) -> str:
        """Why the training could not go on; empty if it went to its end."""
        return str(self.facts.get("stopped", ""))


def write_record(folder: Path, record: Record) -> None:
    """Write, atomically."""
    arrays: dict[str, Any] = {
        f"ecal_sum/{name}": values for name, values in record.ecal_sum_GeV.items()
    }
    arrays |= {f"longitudinal/{name}": values for name, values in record.longitudinal.items()}
    text = json.dumps({"history": record.history, "facts": record.facts})
    with atomic_path(folder / RECORD) as temporary, temporary.open("wb") as file:
        np.savez(file, about=np.array(text), **arrays)


def read_record(folder: Path) -> Record | None:
    """The record in a training's folder; None if there is none yet or it is torn."""
    try:
        with np.load(folder / RECORD) as stored:
            about = json.loads(str(stored["about"]))
            parts: dict[str, dict[str, Float]] = {"ecal_sum": {}, "longitudinal": {}}
            for name in stored.files:
                kind, _, statistics = name.partition("/")
                if statistics:
                    parts[kind][statistics] = stored[name]
    except FileNotFoundError:
        return None
    except ARRAY_ERRORS as error:
        refuse_unless_torn(error, folder / RECORD)
        return None
    return Record(parts["ecal_sum"], parts["longitudinal"], about["history"], about["facts"])


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """Whether this process alone may train in a folder; the claim ends with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
