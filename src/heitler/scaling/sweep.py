"""The sweep: every point started `scale.repeats` times, in turns, each start kept when it is done.

Turns (A B C A B C ...) spread over the points whatever else the machine does meanwhile.
"""

import tempfile
from pathlib import Path

from heitler.base.errors import HeitlerError
from heitler.base.progress import progress_bar
from heitler.cluster.launch import run_workers
from heitler.config import ClusterConfig, Config
from heitler.kept.folder import Kept
from heitler.scaling.points import Comparison, Point, Setup, points_by_setup
from heitler.scaling.records import Record, read_records


class SweepError(HeitlerError):
    """A start of the sweep failed."""


def run_sweep(
    config: Config,
    comparisons: list[Comparison],
    folder: Path,
    kept: Kept,
    script: str,
) -> dict[Point, list[Record]]:
    """Start what has no record yet; return the records of all points, one per start.

    Args:
        config: `scale` and `cluster`.
        comparisons: what is to be measured.
        folder: of the records.
        kept: which records count.
        script: what the workers run: `script SETUP REPEAT MEETING`.

    Raises:
        SweepError: naming the start that failed.
        LaunchError: if workers cannot be started as `cluster` says.
    """
    measure_missing(config, comparisons, folder, kept, script)
    return {
        point: [_require(folder, point, repeat, kept) for repeat in range(repeats(setup, config))]
        for setup, points in points_by_setup(comparisons).items()
        for point in points
    }


def repeats(setup: Setup, config: Config) -> int:
    """How often a setup is started: other software once, as it is slow and differs by factors."""
    return config.scale.repeats if setup.is_usual(config.model) else 1


def measure_missing(
    config: Config,
    comparisons: list[Comparison],
    folder: Path,
    kept: Kept,
    script: str,
    workers: int | None = None,
) -> None:
    """Start what has no record yet, as in `run_sweep`; only that of `workers` workers, if given."""
    setups = {
        setup: points
        for setup, points in points_by_setup(comparisons).items()
        if workers in (None, setup.workers)
    }
    starts = [
        (repeat, setup)
        for repeat in range(config.scale.repeats)
        for setup in setups
        if repeat < repeats(setup, config)
    ]
    missing = [
        (repeat, setup)
        for repeat, setup in starts
        if None in (read_records(folder, p, repeat, kept) for p in setups[setup])
    ]
    done = len(starts) - len(missing)
    print(f"measuring: {len(missing)} starts, each a minute or so", flush=True)
    with progress_bar("measuring", len(starts), done=done) as advance:
        for repeat, setup in missing:
            _start(config.cluster, setup, repeat, script)
            advance(note=f"{setup.name}, repeat {repeat + 1} of {repeats(setup, config)}")


def _start(cluster: ClusterConfig, setup: Setup, repeat: int, script: str) -> None:
    with tempfile.TemporaryDirectory() as meeting:
        code = run_workers(cluster, setup.workers, script, setup.name, str(repeat), meeting)
    if code:
        raise SweepError(
            f"{setup.name}, repeat {repeat + 1}: a worker failed (above). What was measured before "
            "is kept: mend the cause and run the stage again."
        )


def _require(folder: Path, point: Point, repeat: int, kept: Kept) -> Record:
    record = read_records(folder, point, repeat, kept)
    if record is None:
        raise SweepError(
            f"{folder}: no measurement of {point.name}, repeat {repeat + 1}, although its workers "
            "ended well. Is the folder shared by all hosts? Rank 0 writes there."
        )
    return record
