"""What a sweep measures: the points, the starts that measure them, and what is compared.

Measurements are files, one per point, repeat and independent process, kept until all are there. One
whose fingerprint does not count belongs to other parameters, data or code.
"""

import dataclasses
import itertools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from heitler.base.files import write_json
from heitler.config import ModelConfig, ScaleConfig
from heitler.kept.folder import Kept

Kernels = Literal["fast", "plain"]
Kind = Literal["weak", "strong", "independent", "software"]


@dataclass(frozen=True)
class Setup:
    """What is started: processes that can measure several batch sizes, one after another."""

    workers: int
    independent: bool
    """Whether the workers are jobs of their own, side by side, that do not communicate."""
    kernels: Kernels
    onednn: bool
    """Whether TensorFlow uses oneDNN's operations."""

    @property
    def name(self) -> str:
        """Such as `2-workers-fast`, `2-independent-fast`, `1-worker-plain-without-onednn`."""
        processes = f"{self.workers}-independent" if self.independent else _workers(self.workers)
        return f"{processes}-{self.software}"

    @property
    def software(self) -> str:
        """Such as `fast`, `plain-without-onednn`."""
        return self.kernels if self.onednn else f"{self.kernels}-without-onednn"

    def is_usual(self, model: ModelConfig) -> bool:
        """Whether it is the sweep's own software; other is slow and measured briefly."""
        return self.onednn and self.kernels == model.kernels


@dataclass(frozen=True)
class Point:
    """One thing to measure."""

    setup: Setup
    global_batch_size: int
    """Showers per cycle over all workers, also where these are independent."""

    @property
    def name(self) -> str:
        """Tells it from all other points."""
        return f"{self.setup.name}-batch-{self.global_batch_size}"

    @property
    def workers(self) -> int:
        """Processes that compute at the same time."""
        return self.setup.workers


@dataclass(frozen=True)
class Comparison:
    """A row of the table: a point and what it is compared with."""

    kind: Kind
    point: Point
    reference: Point

    @property
    def name(self) -> str:
        """Such as `weak-2-workers`, `software-plain-without-onednn`."""
        setup = self.point.setup
        what = setup.software if self.kind == "software" else _workers(setup.workers)
        return f"{self.kind}-{what}"


def _workers(number: int) -> str:
    return f"{number}-worker{'' if number == 1 else 's'}"


def plan_comparisons(scale: ScaleConfig, model: ModelConfig, local_cores: int) -> list[Comparison]:
    """All rows of the table.

    Args:
        scale: what to compare.
        model: its kernels are those of the sweep.
        local_cores: for independent processes; 0 where workers are on other machines too.
    """

    def point(workers: int, batch: int, **changes: object) -> Point:
        setup = Setup(workers, independent=False, kernels=model.kernels, onednn=True)
        return Point(dataclasses.replace(setup, **changes), batch)  # type: ignore[arg-type]

    own = scale.per_worker_batch_size
    alone = point(1, own)
    rows = [Comparison("weak", point(n, n * own), alone) for n in scale.world_sizes]
    strong = scale.strong_batch_size
    rows += [Comparison("strong", point(n, strong), point(1, strong)) for n in scale.world_sizes]
    if scale.independent:
        rows += [
            Comparison("independent", point(n, n * own, independent=True), alone)
            for n in scale.world_sizes
            if 1 < n <= local_cores // scale.threads_per_worker
        ]
    if scale.software:
        rows += [
            Comparison("software", point(1, own, kernels=kernels, onednn=onednn), alone)
            for kernels, onednn in itertools.product(("fast", "plain"), (True, False))
        ]
    return rows


def points_by_setup(comparisons: list[Comparison]) -> dict[Setup, list[Point]]:
    """Every point once, with those that one start can measure together."""
    points = dict.fromkeys(p for row in comparisons for p in (row.reference, row.point))
    grouped: dict[Setup, list[Point]] = {}
    for point in points:
        grouped.setdefault(point.setup, []).append(point)
    return grouped


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
