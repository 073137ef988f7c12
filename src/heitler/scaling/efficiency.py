"""From measured cycles to the table: speed, efficiency and its interval, where the time went.

With R repeats of C cycles on W workers, worker w makes its b_w showers in mean_rc(t_rwc), so

    showers per second = sum_w b_w / mean_rc(t_rwc)
    efficiency         = (showers per second / workers) / (the same of the reference point)

Intervals hold 95% of a bootstrap over repeats and, within each, over cycles (Davison and Hinkley
1997, section 3.8: two stages, as cycles of one start are alike). Few repeats make them rough.

What a sweep found, as metrics and in words.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.scaling.points import PARTS, Comparison, Point, Record

Float = NDArray[np.float64]
Row = dict[str, Any]
Records = Mapping[Point, Sequence[Record]]
SAMPLES = 2000
SEED = 1
PERCENTILES = (2.5, 97.5)
REPORTED = (
    "showers_per_second",
    "efficiency",
    "efficiency_against_independent",
    "communication_fraction",
    "straggler_fraction",
    "input_fraction",
)


def compare_points(comparisons: Sequence[Comparison], records: Records, showers: int) -> list[Row]:
    """One row per comparison, all with the same columns; None where a value does not exist.

    Args:
        comparisons: what to compare with what.
        records: of every point.
        showers: in the training set, for the time per epoch.
    """
    rates = {point: _Rate(point, found) for point, found in records.items()}
    independent = {row.point.workers: row.point for row in comparisons if row.kind == "independent"}
    rows = []
    for comparison in comparisons:
        point, found = comparison.point, records[comparison.point]
        rate, reference = rates[point], rates[comparison.reference]
        beside = rates.get(independent[point.workers]) if point.workers in independent else None
        row: Row = {
            "name": comparison.name,
            "kind": comparison.kind,
            "workers": point.workers,
            "threads_per_worker": found[0].threads,
            "kernels": point.setup.kernels,
            "onednn": point.setup.onednn,
            "per_worker_batch_size": point.global_batch_size // point.workers,
            "global_batch_size": point.global_batch_size,
            "repeats": len(found),
            "cycles": sum(record.seconds["wall_s"].shape[1] for record in found),
            **_with_interval("cycle_time_s", rate.cycle_s, rate.cycle_samples_s),
            **_with_interval("showers_per_second", rate.value, rate.samples),
            **_with_interval("epoch_time_s", showers / rate.value, showers / rate.samples),
            **_ratio("speed_up", rate, reference, 1.0),
            **_ratio("efficiency", rate, reference, reference.workers / rate.workers),
            **_ratio(
                "efficiency_against_independent",
                rate,
                beside if comparison.kind == "weak" else None,
                1.0,
            ),
            **{f"cycle_{part}": _mean(found, part) for part in PARTS},
            "communication_fraction": _mean(found, "communication_s") / rate.cycle_s,
            "straggler_fraction": _mean(found, "straggler_wait_s") / rate.cycle_s,
            "input_fraction": _mean(found, "input_wait_s") / rate.cycle_s,
            "energy_J_per_shower": _energy_per_shower(found, point),
            "hosts": len(set(found[0].hosts)),
            "cpu": found[0].cpu,
        }
        rows.append(row)
    return rows


class _Rate:
    """Showers per second of a point, and its bootstrap samples."""

    def __init__(self, point: Point, records: Sequence[Record]) -> None:
        wall = np.stack([record.seconds["wall_s"].T for record in records])  # (R, C, W) s
        own_batch = point.global_batch_size / point.workers
        resampled = _resample(wall, np.random.default_rng([SEED, *point.name.encode()]))
        self.workers = point.workers
        self.cycle_s = float(wall.mean())
        self.cycle_samples_s = resampled.mean(axis=1)
        self.value = float((own_batch / wall.mean(axis=(0, 1))).sum())
        self.samples: Float = (own_batch / resampled).sum(axis=1)


def _resample(wall: Float, random: np.random.Generator) -> Float:
    """Mean cycle times of every worker (SAMPLES, W), of samples of `wall` (R, C, W)."""
    repeats, cycles, _ = wall.shape
    repeat = random.integers(repeats, size=(SAMPLES, repeats, 1))
    cycle = random.integers(cycles, size=(SAMPLES, repeats, cycles))
    means: Float = wall[repeat, cycle].mean(axis=(1, 2))
    return means


def _ratio(name: str, rate: _Rate, reference: _Rate | None, factor: float) -> Row:
    if reference is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    samples = np.ones(SAMPLES) if rate is reference else rate.samples / reference.samples
    return _with_interval(name, factor * rate.value / reference.value, factor * samples)


def _with_interval(name: str, value: float, samples: Float) -> Row:
    low, high = np.percentile(samples, PERCENTILES)
    return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}


def _mean(records: Sequence[Record], part: str) -> float:
    return float(np.mean([record.seconds[part].mean() for record in records]))


def _energy_per_shower(records: Sequence[Record], point: Point) -> float | None:
    read = [record.energy_J for record in records if record.energy_J is not None]
    if len(read) < len(records):
        return None
    showers = sum(point.global_batch_size * r.seconds["wall_s"].shape[1] for r in records)
    return float(sum(read) / showers)


def cycle_rows(records: Records) -> list[Row]:
    """Every measured cycle of every worker, for whoever needs more than means."""
    return [
        {
            "point": point.name,
            "workers": point.workers,
            "independent": point.setup.independent,
            "global_batch_size": point.global_batch_size,
            "repeat": record.repeat,
            "worker": worker,
            "cycle": cycle,
            **{name: float(record.seconds[name][worker, cycle]) for name in ("wall_s", *PARTS)},
        }
        for point, found in records.items()
        for record in found
        for worker, cycle in np.ndindex(record.seconds["wall_s"].shape)
    ]


def flat_metrics(rows: Sequence[Row]) -> dict[str, float]:
    """`weak_2_workers_efficiency` and so on, with `_low` and `_high` where there is an interval."""
    return {
        f"{row['name'].replace('-', '_')}_{key}": row[key]
        for row in rows
        for name in REPORTED
        for key in (name, f"{name}_low", f"{name}_high")
        if row.get(key) is not None
    }


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """The answers, one per line; intervals of 95% in brackets."""
    for row in rows:
        workers, kind = row["workers"], row["kind"]
        if kind == "software":
            setup = row["name"].removeprefix("software-")
            speed = f"{row['showers_per_second']:.2f} showers/s"
            yield f"kernels {setup}: {speed}, {row['speed_up']:.2f} times the first"
        elif workers > 1 and kind == "independent":
            yield (
                f"{workers} independent processes side by side: {_interval(row, 'efficiency')} of "
                "as many times one alone (what this machine itself loses)"
            )
        elif workers > 1:
            yield f"{kind} scaling, {workers} workers: {_efficiency(row)}; {_split(row)}"


def _efficiency(row: Row) -> str:
    text = f"{_interval(row, 'efficiency')} efficient against one worker alone"
    if row.get("efficiency_against_independent") is None:
        return text
    beside = _interval(row, "efficiency_against_independent")
    return f"{text}, {beside} against as many independent processes"


def _split(row: Row) -> str:
    return (
        f"communication {row['communication_fraction']:.1%}, waiting for the slowest "
        f"{row['straggler_fraction']:.1%}, input {row['input_fraction']:.1%} of the cycle; what is "
        "left is slower computing"
    )


def _interval(row: Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low == high:
        return f"{row[name]:.1%} (measured once)"
    return f"{row[name]:.1%} [{low:.1%}, {high:.1%}]"
