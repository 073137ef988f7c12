"""What a sweep measures: the points, the starts that measure them, and what is compared."""

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Literal

from heitler.config import ModelConfig, ScaleConfig

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
