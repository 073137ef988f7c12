"""A minute of real training cycles on this machine, to plan from."""

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from heitler.base.errors import HeitlerError
from heitler.base.files import atomic_path
from heitler.config import PARAMS_FILE, ConfigError, read_params

SCRIPT = Path("pipelines/scale.py")
PREPARED = Path("data/prepared")
RESULTS = Path("reports/scale")
TABLES = ("points.csv", "cycles.csv")


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
