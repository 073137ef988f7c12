"""`heitler plan`, as a user types it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.config import PARAMS_FILE
from tests.scaling.sweeps import write_sweep

HEITLER = Path(sys.executable).with_name("heitler")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(PARAMS_FILE, folder)
    write_sweep(folder / "reports/scale", jitter=0.03)
    return folder


def plan(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HEITLER, "plan", *arguments], cwd=folder, capture_output=True, text=True)


def test_table_tells_budget_intervals_and_the_largest_useful_number(project):
    done = plan(project, "--nodes", "4,256", "--budget-node-hours", "1", "--min-efficiency", "0.5")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "Measured: 12 cycles of 8 showers per worker" in text
    assert "literature: 100 Gbit/s line rate" in text
    assert text.count("projected") == 2
    assert "epochs only" in text
    assert "The efficiency stays at or above 50% up to" in text


def test_json_holds_every_number(project):
    done = plan(project, "--nodes", "1,4", "--json", "--epochs", "30", "--interconnect", "nvlink-2")
    content = json.loads(done.stdout)
    assert content["interconnect"]["name"] == "nvlink-2"
    one, four = content["rows"]
    assert one["kind"] == "measured"
    assert one["efficiency"]["value"] == 1
    hours = 30 * four["epoch_s"]["value"] / 3600
    assert four["training_h"]["value"] == pytest.approx(hours)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--nodes", "4,x"), "--nodes is '4,x'"),
        (("--interconnect", "string"), "There are: omni-path-100"),
        (("--batch-per-worker", "16"), "8 showers per worker were measured"),
        (("--nodes", "100000"), "Use at most 7800 nodes"),
        (("--points", "nowhere"), "dvc repro scale, or heitler plan --calibrate"),
        (("--calibrate",), "Run from the project's top folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_errors_name_the_remedy_without_a_traceback(arguments, message, project):
    done = plan(project, *arguments)
    assert done.returncode
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
