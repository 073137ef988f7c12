"""Measurements as files: one per point, repeat and independent process, kept until all are there.

A record whose fingerprint does not count belongs to other parameters, data or code.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import write_json
from heitler.kept.folder import Kept
from heitler.scaling.points import Point

Seconds = NDArray[np.float64]
PARTS = ("compute_s", "communication_s", "straggler_wait_s", "input_wait_s")


@dataclass(frozen=True)
class Start:
    """One start of a setup, as its workers see it."""

    repeat: int
    fingerprint: str
    """Checksum of everything that decides what is measured."""
    meeting: Path
    """An empty folder for independent processes to meet in."""


@dataclass(frozen=True)
class Record:
    """One start of a point."""

    point: str
    repeat: int
    fingerprint: str
    seconds: dict[str, Seconds]
    """`wall_s` and its `PARTS`, each (workers, cycles)."""
    energy_J: float | None
    """Energy of all machines' processors while the cycles ran; None where it cannot be read."""
    hosts: list[str]
    cpu: str
    threads: int
    """Per worker."""


def record_path(folder: Path, point: Point, repeat: int, copy: int) -> Path:
    """Where one process, or all workers together, write what they measured."""
    return folder / f"{point.name}.{repeat}.{copy}.json"


def write_record(path: Path, record: Record) -> None:
    """Write, whole or not at all."""
    content = asdict(record)
    content["seconds"] = {name: values.tolist() for name, values in record.seconds.items()}
    write_json(path, content)


def read_records(folder: Path, point: Point, repeat: int, kept: Kept) -> Record | None:
    """What was measured of a point in one repeat; None if it is incomplete or of another sweep.

    Independent processes become the workers of one record.
    """
    copies = point.workers if point.setup.independent else 1
    records = [_read(record_path(folder, point, repeat, copy)) for copy in range(copies)]
    fitting = [record for record in records if record and kept.accepts(record["fingerprint"])]
    if len(fitting) < copies:
        return None
    first = fitting[0]
    seconds = {
        name: np.concatenate([np.array(record["seconds"][name]) for record in fitting])
        for name in ("wall_s", *PARTS)
    }
    return Record(**(first | {"seconds": seconds}))


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text())
    return content
