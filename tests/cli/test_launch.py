"""`heitler launch` and `heitler check-cluster`: what they would run, and a real check."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from heitler.base.errors import LaunchError
from heitler.cli.main import app

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stages' scripts and parameters."""
    shutil.copytree(PROJECT / "pipelines", tmp_path / "pipelines")
    shutil.copy(PROJECT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def set_cluster(project: Path, **changes: Any) -> None:
    path = project / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["cluster"] |= changes
    path.write_text(yaml.safe_dump(params))


def output_of(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_dry_run_shows_the_command_for_train_workers(project: Path) -> None:
    set_cluster(project, launcher="mpi")
    shown = output_of("launch", "train@heitler", "--dry-run")
    assert f"I_MPI_ROOT={sys.prefix}" in shown
    assert "mpiexec.hydra -l -n 2 -ppn 2" in shown
    assert shown.rstrip().endswith("pipelines/train.py heitler")


def test_slurm_prints_a_job_and_a_sweep_is_an_array(project: Path) -> None:
    set_cluster(project, launcher="slurm")
    assert "#SBATCH --ntasks=2" in output_of("launch", "train@paper")
    sweep = output_of("launch", "scale")
    assert "#SBATCH --array=0-1%1" in sweep
    assert "pipelines/scale.py --workers" in sweep


def test_a_stage_without_workers_is_refused_with_those_that_have_them(project: Path) -> None:
    for stage, what in (("validate", "runs without workers"), ("trian", "not a stage")):
        with pytest.raises(LaunchError, match=rf"{stage}\.py: {what}.*scale, train"):
            CliRunner().invoke(app, ["launch", stage], catch_exceptions=False)


def test_submit_is_for_slurm(project: Path) -> None:
    with pytest.raises(LaunchError, match=r"cluster\.launcher is local"):
        CliRunner().invoke(app, ["launch", "train@paper", "--submit"], catch_exceptions=False)


def test_without_showers_no_worker_starts(project: Path) -> None:
    code = "from heitler.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "launch", "train@paper"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "summary.json: not found. Prepare the showers first: dvc repro prepare" in done.stderr


def test_check_cluster_finds_this_machine_in_order(project: Path) -> None:
    """Two real workers, each on its own cores."""
    (project / "data/prepared").mkdir(parents=True)
    (project / "data/prepared/train.h5").write_text("showers")
    code = "from heitler.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "check-cluster", "--workers", "2"],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 2 workers agree" in done.stdout
    rows = [line.split("│") for line in done.stdout.splitlines() if "of 2" in line]
    cores = [row[4].strip() for row in rows]
    threads = [int(row[6]) for row in rows]
    if len(os.sched_getaffinity(0)) > 1:
        assert cores[0] != cores[1]
        assert sum(threads) <= len(os.sched_getaffinity(0))
    link = json.loads((project / "reports/cluster/link.json").read_text())
    assert link["world_size"] == 2
    assert link["bandwidth_B_per_s"] > 0
