"""The sweep: every point started `scale.repeats` times, in turns, each start kept when it is done.

Turns (A B C A B C ...) spread over the points whatever else the machine does meanwhile.

A minute of real training cycles on this machine, to plan from.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from heitler.base.errors import HeitlerError
from heitler.base.files import atomic_path
from heitler.base.progress import progress_bar
from heitler.cluster.launch import run_workers
from heitler.config import PARAMS_FILE, ClusterConfig, Config, ConfigError, read_params
from heitler.kept.folder import Kept
from heitler.scaling.points import Comparison, Point, Record, Setup, points_by_setup, read_records

SCRIPT = Path("pipelines/scale.py")
PREPARED = Path("data/prepared")
RESULTS = Path("reports/scale")
TABLES = ("points.csv", "cycles.csv")


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


class ShortSweepError(HeitlerError):
    """The measurement failed."""


def measure_now(folder: Path, ranks_per_node: int, batch_per_worker: int | None) -> None:
    """Run stage `scale` for one and `ranks_per_node` workers, once each, beside the project.

    It runs in a folder of its own with its own parameters, so that the project's results and
    runs stay as they are; the tables are copied to `folder`.

    Raises:
        ConfigError: if this is not the project's top folder.
        ShortSweepError: if there are no showers to train on, or a worker fails.
    """
    if not PARAMS_FILE.is_file() or not SCRIPT.is_file():
        raise ConfigError(f"{PARAMS_FILE}: not found. Run from the project's top folder.")
    if not (PREPARED / "train.h5").is_file():
        raise ShortSweepError(
            f"{PREPARED / 'train.h5'}: not found, so there are no showers to train on. Run its "
            "stage: dvc repro prepare"
        )
    params = read_params()
    changes = {"workers": [ranks_per_node], "repeats": 1, "independent": False, "software": False}
    params["scale"] |= changes
    if batch_per_worker:
        params["scale"]["per_worker_batch_size"] = batch_per_worker
    with tempfile.TemporaryDirectory(prefix="heitler-plan-") as name:
        work = Path(name)
        (work / PARAMS_FILE).write_text(yaml.safe_dump(params, sort_keys=False))
        (work / PREPARED).parent.mkdir(parents=True)
        (work / PREPARED).symlink_to(PREPARED.resolve())
        command = [sys.executable, str(SCRIPT.resolve())]
        # Its progress goes where it does not mix with a plan as JSON.
        if subprocess.run(command, cwd=work, stdout=sys.stderr, check=False).returncode:
            raise ShortSweepError(
                "The measurement failed (above). Mend the cause, or plan from the last sweep: "
                "leave --calibrate away."
            )
        for table in TABLES:
            with atomic_path(folder / table) as temporary:
                temporary.write_bytes((work / RESULTS / table).read_bytes())
