"""The costs of a cycle, from what stage `scale` measured on this machine (or cluster)."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.scaling.interconnects import Link
from heitler.scaling.points import Point, Setup
from heitler.scaling.projection import Costs
from heitler.scaling.slowest import log_spread, spread_from_waiting

Float = NDArray[np.float64]
Row = dict[str, str]
START_ERROR = 0.7
"""Standard deviation of the logarithm of an all-reduce's start: a factor of 2 either way."""
REMEDY = "Measure first: dvc repro scale, or heitler plan --calibrate."


class CalibrationError(HeitlerError):
    """No measurement to project from."""


@dataclass(frozen=True)
class Calibration:
    """What one node costs, how well that is known, and where it was measured."""

    costs: Costs
    relative_errors: dict[str, float]
    """One standard deviation of the logarithm, by field of `Costs`."""
    batch_per_worker: int
    ranks_per_node: int
    threads_per_worker: int
    measured_cycle_s: dict[int, float]
    """Wall time of a cycle by number of nodes, where whole nodes were measured."""
    cycles: int
    """Measured on one node."""
    cpu: str

    @property
    def description(self) -> str:
        """What was measured and where, in words."""
        workers = f"{self.ranks_per_node} worker{'s' if self.ranks_per_node > 1 else ''}"
        return (
            f"{self.cycles} cycles of {self.batch_per_worker} showers per worker, {workers} with "
            f"{self.threads_per_worker} thread{'s' if self.threads_per_worker > 1 else ''} each, "
            f"on {self.cpu}"
        )


def calibrate(folder: Path, ranks_per_node: int, link: Link, history: Path) -> Calibration:
    """Read what a sweep measured.

    Args:
        folder: of `points.csv` and `cycles.csv`.
        ranks_per_node: workers that share a node; must have been measured.
        link: between nodes.
        history: epochs of a training, for the fixed cost per epoch; taken as 0 without it.

    Raises:
        CalibrationError: if so many workers were not measured.
    """
    points = [row for row in _rows(folder / "points.csv") if row["kind"] == "weak"]
    cycles = _rows(folder / "cycles.csv")
    weak = {int(row["workers"]): row for row in points}
    if ranks_per_node not in weak:
        raise CalibrationError(
            f"{folder / 'points.csv'}: no measurement of {ranks_per_node} workers together; there "
            f"are {', '.join(map(str, sorted(weak))) or 'none'}. Use one of these per node, or add "
            f"{ranks_per_node} to scale.workers. {REMEDY}"
        )
    parts = {n: _parts(row, cycles) for n, row in weak.items() if n % ranks_per_node == 0}
    own, row = parts[ranks_per_node], weak[ranks_per_node]
    return Calibration(
        costs=_costs(own, ranks_per_node, link, _fixed_s(history)),
        relative_errors=_relative_errors(own, ranks_per_node),
        batch_per_worker=int(row["per_worker_batch_size"]),
        ranks_per_node=ranks_per_node,
        threads_per_worker=int(row["threads_per_worker"]),
        measured_cycle_s={
            n // ranks_per_node: float(part["wall_s"].mean()) for n, part in parts.items()
        },
        cycles=own["wall_s"].shape[0] * own["wall_s"].shape[2],
        cpu=row["cpu"],
    )


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        raise CalibrationError(f"{path}: not found. {REMEDY}")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _parts(weak: Row, cycles: list[Row]) -> dict[str, Float]:
    """Seconds of every measured cycle of a point, by part: (repeats, workers, cycles) each."""
    workers, batch = int(weak["workers"]), int(weak["global_batch_size"])
    setup = Setup(workers, independent=False, kernels=weak["kernels"], onednn=True)  # type: ignore[arg-type]
    own = [row for row in cycles if row["point"] == Point(setup, batch).name]
    own.sort(key=lambda row: (int(row["repeat"]), int(row["worker"]), int(row["cycle"])))
    repeats = len({row["repeat"] for row in own})
    names = ("wall_s", "compute_s", "communication_s", "straggler_wait_s", "input_wait_s")
    return {
        name: np.array([float(row[name]) for row in own]).reshape(repeats, workers, -1)
        for name in names
    }


def _costs(parts: dict[str, Float], ranks: int, link: Link, fixed_s: float) -> Costs:
    compute = parts["compute_s"]
    if ranks == 1:
        spread, barriers = log_spread(compute[:, 0]), 2.0  # the root of 4 updates per cycle
    else:
        # Waiting on one node tells the spread and, as it is summed over the updates of a cycle,
        # how often per cycle it counts.
        waiting = parts["straggler_wait_s"].mean() / compute.mean()
        spread, barriers = spread_from_waiting(float(waiting), ranks), 1.0
    return Costs(
        compute_s=float(compute.mean()),
        spread=spread,
        barriers=barriers,
        on_node_s=float(parts["communication_s"].mean()),
        coordination_s=link.start_s,
        input_s=float(parts["input_wait_s"].mean()),
        fixed_s=fixed_s,
        link=link,
    )


def _relative_errors(parts: dict[str, Float], ranks: int) -> dict[str, float]:
    """Errors of the means over repeats and cycles; zero where nothing was spent."""
    noise = "compute_s" if ranks == 1 else "straggler_wait_s"
    sources = {
        "compute_s": "compute_s",
        "on_node_s": "communication_s",
        "input_s": "input_wait_s",
        "spread": noise,
    }
    errors = {field: _error_of_mean(parts[name]) for field, name in sources.items()}
    if ranks == 1:  # a standard deviation from n values is known to 1/sqrt(2n)
        errors["spread"] = 1 / np.sqrt(2 * parts["compute_s"].size)
    return errors | {"coordination_s": START_ERROR}


def _error_of_mean(seconds: Float) -> float:
    """Relative error of the mean of (repeats, workers, cycles): the larger of what the scatter of
    cycles and that of the repeats says, as cycles of one start are alike."""
    mean = seconds.mean()
    if not mean:
        return 0.0
    per_cycle = seconds.mean(axis=1)
    errors = [per_cycle.std() / np.sqrt(max(per_cycle.size - 1, 1))]
    if len(seconds) > 1:
        errors.append(per_cycle.mean(axis=1).std(ddof=1) / np.sqrt(len(seconds)))
    return float(max(errors) / mean)


def _fixed_s(history: Path) -> float:
    """Median time of the evaluation after an epoch; the first one compiles and does not count."""
    if not history.is_file():
        return 0.0
    times = [row.get("evaluation_time_s") for row in _rows(history)][1:]
    known = [float(value) for value in times if value]
    return float(np.median(known)) if known else 0.0
