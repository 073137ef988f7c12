"""Files of a sweep as stage `scale` writes them, with known times instead of measured ones."""

from pathlib import Path

import numpy as np

from heitler.base.files import write_csv
from heitler.scaling.efficiency import compare_points, cycle_rows
from heitler.scaling.points import Comparison, Point, Record, Setup

CYCLES, REPEATS = 6, 2
COMMUNICATION_S = {1: 0.0, 2: 0.004}


def write_sweep(folder: Path, *, compute_s: float = 0.5, jitter: float = 0.0) -> Path:
    """1 and 2 workers with 8 showers each; compute times differ by `jitter` (relative)."""
    points = {n: Point(Setup(n, False, "fast", True), 8 * n) for n in (1, 2)}
    records = {point: _records(point, compute_s, jitter) for point in points.values()}
    comparisons = [Comparison("weak", point, points[1]) for point in points.values()]
    write_csv(folder / "points.csv", compare_points(comparisons, records, showers=700))
    write_csv(folder / "cycles.csv", cycle_rows(records))
    return folder


def _records(point: Point, compute_s: float, jitter: float) -> list[Record]:
    records = []
    for repeat in range(REPEATS):
        random = np.random.default_rng([point.workers, repeat])
        compute = compute_s * np.exp(jitter * random.standard_normal((point.workers, CYCLES)))
        parts = {
            "compute_s": compute,
            "communication_s": np.full_like(compute, COMMUNICATION_S[point.workers]),
            "straggler_wait_s": compute.max(axis=0) - compute,
            "input_wait_s": np.zeros_like(compute),
        }
        records.append(
            Record(
                point=point.name,
                repeat=repeat,
                fingerprint="",
                seconds=parts | {"wall_s": sum(parts.values(), np.zeros_like(compute))},
                energy_J=None,
                hosts=["node1"] * point.workers,
                cpu="Test CPU",
                threads=1,
            )
        )
    return records
